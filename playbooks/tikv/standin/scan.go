package main

import (
	"bytes"

	"github.com/pingcap/badger"
	"github.com/pingcap/kvproto/pkg/cdcpb"
	"github.com/pingcap/log"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv/mvcc"
	"go.uber.org/zap"
)

const scanBatch = 512

// scan is the incremental scan of a subscription: every version newer than the
// checkpoint, sent as COMMITTED rows.
type scan struct {
	x          *sub
	start, end []byte
	txn        *badger.Txn
	it         *badger.Iterator
	out        []*cdcpb.Event_Row
	sent       int
}

// newScan opens the view; the caller holds feed.mu, so that it contains exactly
// what was committed before the subscription. (It may come to contain more:
// badger's iterator follows its memtable. See sub.live.)
func (f *feed) newScan(x *sub, start, end []byte) *scan {
	s := &scan{x: x, start: start, end: end, txn: f.bundle.DB.NewTransaction(false)}
	s.it = s.txn.NewIterator(badger.IteratorOptions{AllVersions: true})
	return s
}

// run sends the rows and returns how many. Versions of a key come newest first,
// so the old value of a row is that of the version after it.
func (s *scan) run() int {
	defer s.txn.Discard()
	defer s.it.Close()
	var newer *cdcpb.Event_Row
	for s.it.Seek(s.start); s.it.Valid() && !s.x.dropped.Load(); s.it.Next() {
		item := s.it.Item()
		key := item.Key()
		if len(s.end) > 0 && bytes.Compare(key, s.end) >= 0 {
			break
		}
		meta := mvcc.DBUserMeta(item.UserMeta())
		if len(meta) < 16 {
			continue // unistore's own records have none
		}
		isOld := newer != nil && bytes.Equal(newer.Key, key)
		isNew := meta.CommitTS() > s.x.checkpoint && !s.x.isLive(key, meta.CommitTS())
		if !isNew && !isOld {
			newer = nil
			continue
		}
		value, err := item.ValueCopy(nil)
		if err != nil {
			log.Error("feed scan", zap.Error(err))
			newer = nil
			continue
		}
		if isOld && s.x.oldValue {
			newer.OldValue = value
		}
		newer = nil
		if isNew {
			if len(s.out) >= scanBatch {
				s.flush()
			}
			newer = committed(row{key: clone(key), value: value, startTS: meta.StartTS(), commitTS: meta.CommitTS()})
			s.out = append(s.out, newer)
		}
	}
	s.flush()
	return s.sent
}

func (s *scan) flush() {
	if len(s.out) > 0 {
		s.x.stream.push(s.x.rows(s.out))
		s.sent += len(s.out)
		s.out = nil
	}
}

func (x *sub) isLive(key []byte, commitTS uint64) bool {
	x.liveMu.Lock()
	defer x.liveMu.Unlock()
	if len(x.live) == 0 {
		return false
	}
	_, ok := x.live[versionID(key, commitTS)]
	return ok
}
