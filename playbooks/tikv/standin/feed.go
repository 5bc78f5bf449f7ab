package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/pingcap/kvproto/pkg/cdcpb"
	"github.com/pingcap/kvproto/pkg/errorpb"
	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/pingcap/log"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv/mvcc"
	"github.com/pingcap/tidb/pkg/util/codec"
	"go.uber.org/zap"
)

// feed is the cdcpb.ChangeData service. Each commit goes out as one COMMITTED
// row (value and old value together), as in an incremental scan: TiCDC takes
// such rows at any time, so no PREWRITE and COMMIT pairs are needed. Locks matter
// only for the resolved timestamp, below which no further row may come.
type feed struct {
	cdcpb.UnimplementedChangeDataServer
	bundle *mvcc.DBBundle
	rm     tikv.RegionManager
	pd     *pdShim
	wal    *lockLog
	quit   chan struct{}
	wg     sync.WaitGroup // the resolver and the scans: whoever reads badger

	// mu is read-locked over a write and its publishing, and write-locked to
	// compute a resolved timestamp or to begin a subscription.
	mu       sync.RWMutex
	promised uint64 // the highest resolved timestamp sent to anyone; guarded by mu

	subsMu sync.RWMutex // taken after mu
	subs   map[*sub]struct{}
}

// sub is one region that a stream has registered.
type sub struct {
	stream       *stream
	regionID, id uint64 // id: the request's
	start, end   []byte // encoded as in PD; no end: to the last key
	oldValue     bool
	checkpoint   uint64
	dropped      atomic.Bool
	initialized  bool // guarded by feed.mu

	// live are the commits since the subscription began, as long as the scan
	// runs. The scan's iterator may come upon them too, and must skip them.
	liveMu sync.Mutex
	live   map[string]struct{}
}

func newFeed(b *mvcc.DBBundle, rm tikv.RegionManager, pd *pdShim, wal *lockLog) *feed {
	return &feed{bundle: b, rm: rm, pd: pd, wal: wal, quit: make(chan struct{}), subs: map[*sub]struct{}{}}
}

func (f *feed) EventFeed(s cdcpb.ChangeData_EventFeedServer) error     { return f.serve(s) }
func (f *feed) EventFeedV2(s cdcpb.ChangeData_EventFeedV2Server) error { return f.serve(s) }

func (f *feed) serve(s cdcpb.ChangeData_EventFeedServer) error {
	st := newStream()
	defer f.drop(func(x *sub) bool { return x.stream == st })
	ended := make(chan error, 2)
	go func() { ended <- st.send(s) }()
	go func() { ended <- f.receive(st, s) }()
	// TiCDC probes with a stream that it closes at once: that must end cleanly.
	if err := <-ended; !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (f *feed) receive(st *stream, s cdcpb.ChangeData_EventFeedServer) error {
	for {
		req, err := s.Recv()
		if err != nil {
			return err
		}
		switch req.Request.(type) {
		case *cdcpb.ChangeDataRequest_Deregister_: // one region, or all of the request
			f.drop(func(x *sub) bool {
				return x.stream == st && x.id == req.RequestId && (req.RegionId == 0 || x.regionID == req.RegionId)
			})
		case *cdcpb.ChangeDataRequest_NotifyTxnStatus_: // for large transactions in flight: unistore has none
		default: // register; old clients leave it out
			f.register(st, req)
		}
	}
}

func (f *feed) drop(which func(*sub) bool) {
	f.subsMu.Lock()
	defer f.subsMu.Unlock()
	for x := range f.subs {
		if which(x) {
			x.dropped.Store(true)
			delete(f.subs, x)
		}
	}
}

func (f *feed) register(st *stream, req *cdcpb.ChangeDataRequest) {
	x := &sub{stream: st, regionID: req.RegionId, id: req.RequestId, start: req.StartKey, end: req.EndKey,
		oldValue: req.ExtraOp == kvrpcpb.ExtraOp_ReadOldValue, checkpoint: req.CheckpointTs, live: map[string]struct{}{}}
	reg, rerr := f.rm.GetRegionFromCtx(&kvrpcpb.Context{RegionId: req.RegionId, RegionEpoch: req.RegionEpoch})
	if rerr != nil {
		st.push(x.event(&cdcpb.Event{Event: &cdcpb.Event_Error{Error: regionError(x.regionID, rerr)}}))
		return
	}
	start, end := reg.RawStart(), reg.RawEnd()
	if k := rawKey(x.start); bytes.Compare(k, start) > 0 {
		start = k
	}
	if k := rawKey(x.end); len(k) > 0 && (len(end) == 0 || bytes.Compare(k, end) < 0) {
		end = k
	}
	log.Info("feed registers", zap.Uint64("region", x.regionID), zap.Uint64("request", x.id), zap.Uint64("checkpoint", x.checkpoint))

	// From here on every commit is either in the scan's view or published.
	f.mu.Lock()
	f.subsMu.Lock()
	f.subs[x] = struct{}{}
	f.subsMu.Unlock()
	sc := f.newScan(x, start, end)
	f.mu.Unlock()

	f.wg.Add(1)
	go func() {
		defer f.wg.Done()
		n := sc.run()
		f.mu.Lock()
		x.initialized = true
		x.liveMu.Lock()
		x.live = nil
		x.liveMu.Unlock()
		st.push(x.rows([]*cdcpb.Event_Row{{Type: cdcpb.Event_INITIALIZED}}))
		f.mu.Unlock()
		log.Info("feed initialized", zap.Uint64("region", x.regionID), zap.Uint64("request", x.id), zap.Int("rows", n))
	}()
}

// regionError says why a region cannot be registered. TiCDC knows what to do
// with these two kinds, and panics on an error of no kind.
func regionError(id uint64, e *errorpb.Error) *cdcpb.Error {
	if e.EpochNotMatch != nil {
		return &cdcpb.Error{EpochNotMatch: e.EpochNotMatch}
	}
	if e.RegionNotFound != nil {
		return &cdcpb.Error{RegionNotFound: e.RegionNotFound}
	}
	return &cdcpb.Error{RegionNotFound: &errorpb.RegionNotFound{RegionId: id}}
}

// rawKey is the inverse of PD's encoding of a region's bounds.
func rawKey(encoded []byte) []byte {
	if _, k, err := codec.DecodeBytes(encoded, nil); err == nil {
		return k
	}
	return nil
}

func (x *sub) covers(encodedKey []byte) bool {
	return bytes.Compare(encodedKey, x.start) >= 0 && (len(x.end) == 0 || bytes.Compare(encodedKey, x.end) < 0)
}

func (x *sub) rows(rows []*cdcpb.Event_Row) *cdcpb.ChangeDataEvent {
	return x.event(&cdcpb.Event{Event: &cdcpb.Event_Entries_{Entries: &cdcpb.Event_Entries{Entries: rows}}})
}

func (x *sub) event(e *cdcpb.Event) *cdcpb.ChangeDataEvent {
	e.RegionId, e.RequestId = x.regionID, x.id
	return &cdcpb.ChangeDataEvent{Events: []*cdcpb.Event{e}}
}

func committed(r row) *cdcpb.Event_Row {
	op := cdcpb.Event_Row_PUT
	if len(r.value) == 0 {
		op = cdcpb.Event_Row_DELETE
	}
	return &cdcpb.Event_Row{Type: cdcpb.Event_COMMITTED, OpType: op,
		Key: r.key, Value: r.value, StartTs: r.startTS, CommitTs: r.commitTS}
}

func versionID(key []byte, commitTS uint64) string {
	return string(binary.BigEndian.AppendUint64(clone(key), commitTS))
}

// announce tells running scans what is about to be committed and published, so
// that they leave it out; the caller holds mu for reading.
func (f *feed) announce(rows []row) {
	if len(rows) == 0 {
		return
	}
	f.subsMu.RLock()
	defer f.subsMu.RUnlock()
	for x := range f.subs {
		if x.initialized {
			continue
		}
		x.liveMu.Lock()
		for _, r := range rows {
			if x.live != nil {
				x.live[versionID(r.key, r.commitTS)] = struct{}{}
			}
		}
		x.liveMu.Unlock()
	}
}

// publish gives rows just committed to whoever has registered their range; the
// caller holds mu for reading.
func (f *feed) publish(rows []row) {
	f.subsMu.RLock()
	defer f.subsMu.RUnlock()
	if len(f.subs) == 0 || len(rows) == 0 {
		return
	}
	txn := f.bundle.DB.NewTransaction(false)
	defer txn.Discard()
	out := map[*sub][]*cdcpb.Event_Row{}
	for _, r := range rows {
		key := codec.EncodeBytes(nil, r.key)
		plain := committed(r)
		var withOld *cdcpb.Event_Row
		for x := range f.subs {
			if r.commitTS <= x.checkpoint || !x.covers(key) {
				continue // TiCDC has it already, or never asked for it
			}
			ev := plain
			if x.oldValue {
				if withOld == nil {
					c := *plain
					withOld = &c
					txn.SetReadTS(r.commitTS - 1)
					if item, err := txn.Get(r.key); err == nil {
						withOld.OldValue, _ = item.ValueCopy(nil)
					}
				}
				ev = withOld
			}
			out[x] = append(out[x], ev)
		}
	}
	for x, evs := range out {
		x.stream.push(x.rows(evs))
	}
}
