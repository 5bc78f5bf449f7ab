package main

import (
	"math"
	"time"

	"github.com/pingcap/kvproto/pkg/cdcpb"
	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/pingcap/log"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv/mvcc"
	"go.uber.org/zap"
)

const resolveEvery = 200 * time.Millisecond

func (f *feed) start() {
	f.wg.Add(1)
	go func() {
		defer f.wg.Done()
		tick := time.NewTicker(resolveEvery)
		defer tick.Stop()
		for {
			select {
			case <-f.quit:
				return
			case <-tick.C:
				f.shortenLog()
				f.resolve()
			}
		}
	}()
}

func (f *feed) stop() {
	close(f.quit)
	f.drop(func(*sub) bool { return true }) // ends the scans
	f.wg.Wait()
}

func (f *feed) shortenLog() {
	if !f.wal.full() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.wal.rewrite(); err != nil {
		log.Error("lock log", zap.Error(err))
	}
}

// resolve tells every stream the timestamp below which no further row comes:
// PD's of now, or less while locks or 1PC and async-commit writes are under way.
func (f *feed) resolve() {
	f.subsMu.RLock()
	idle := len(f.subs) == 0
	f.subsMu.RUnlock()
	if idle {
		return
	}
	// Before the locks are looked at: a lock that comes later commits later.
	ts, held, err := f.pd.now()
	if err != nil {
		log.Warn("no timestamp from PD", zap.Error(err))
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	// What was promised once stands: a lock set since with an older start has
	// its commit timestamp yet to come.
	ts = max(min(ts, held-1, f.lowestLock()-1), f.promised)

	type target struct {
		st *stream
		id uint64
	}
	regions := map[target][]uint64{}
	f.subsMu.RLock()
	for x := range f.subs {
		if x.initialized && ts > x.checkpoint {
			t := target{x.stream, x.id}
			regions[t] = append(regions[t], x.regionID)
		}
	}
	f.subsMu.RUnlock()
	for t, ids := range regions {
		f.promised = ts
		t.st.push(&cdcpb.ChangeDataEvent{ResolvedTs: &cdcpb.ResolvedTs{RequestId: t.id, Regions: ids, Ts: ts}})
	}
}

// lowestLock returns the lowest start timestamp of the prewrite locks. A
// pessimistic lock does not count: its transaction has yet to be prewritten, so
// it will commit above any timestamp PD has given.
func (f *feed) lowestLock() uint64 {
	lowest := uint64(math.MaxUint64)
	it := f.bundle.LockStore.NewIterator()
	for it.SeekToFirst(); it.Valid(); it.Next() {
		if l := mvcc.DecodeLock(it.Value()); kvrpcpb.Op(l.Op) != kvrpcpb.Op_PessimisticLock {
			lowest = min(lowest, l.StartTS)
		}
	}
	return lowest
}
