package main

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/pingcap/kvproto/pkg/cdcpb"
	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"google.golang.org/grpc"
)

// watcher is TiCDC's end of a stream: it keeps what it gets, and knows what
// makes TiCDC panic.
type watcher struct {
	grpc.ServerStream
	ctx  context.Context
	reqs chan *cdcpb.ChangeDataRequest
	gone context.CancelFunc

	mu       sync.Mutex
	rows     []*cdcpb.Event_Row
	inited   int
	errs     []*cdcpb.Error
	resolved uint64
	broken   []string
}

func (w *watcher) Context() context.Context { return w.ctx }

func (w *watcher) Recv() (*cdcpb.ChangeDataRequest, error) {
	r, ok := <-w.reqs
	if !ok {
		return nil, io.EOF
	}
	return r, nil
}

func (w *watcher) Send(e *cdcpb.ChangeDataEvent) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ev := range e.Events {
		if err := ev.GetError(); err != nil {
			w.errs = append(w.errs, err)
		}
		for _, r := range ev.GetEntries().GetEntries() {
			if r.Type == cdcpb.Event_INITIALIZED {
				w.inited++
				continue
			}
			if r.CommitTs <= w.resolved {
				w.broken = append(w.broken, "row "+string(r.Key)+" at or below the resolved timestamp")
			}
			w.rows = append(w.rows, r)
		}
	}
	if r := e.ResolvedTs; r != nil {
		if w.inited == 0 {
			w.broken = append(w.broken, "resolved timestamp before INITIALIZED")
		}
		if r.Ts < w.resolved {
			w.broken = append(w.broken, "resolved timestamp goes back")
		}
		w.resolved = r.Ts
	}
	return nil
}

// watch registers the region of a key and waits for the end of the scan.
func (l *lab) watch(key string, checkpoint uint64) *watcher {
	l.t.Helper()
	w := l.stream()
	w.register(l, key, checkpoint)
	w.wait(l.t, "INITIALIZED", func() bool { return w.inited == 1 })
	return w
}

func (l *lab) stream() *watcher {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watcher{ctx: ctx, gone: cancel, reqs: make(chan *cdcpb.ChangeDataRequest, 16)}
	l.t.Cleanup(cancel)
	go func() { _ = l.feed.EventFeedV2(w) }()
	return w
}

func (w *watcher) register(l *lab, key string, checkpoint uint64) {
	r := l.pd.regionOf(l.t, key)
	w.reqs <- &cdcpb.ChangeDataRequest{RegionId: r.Id, RegionEpoch: r.RegionEpoch, RequestId: 42, CheckpointTs: checkpoint,
		StartKey: r.StartKey, EndKey: r.EndKey, ExtraOp: kvrpcpb.ExtraOp_ReadOldValue,
		Request: &cdcpb.ChangeDataRequest_Register_{Register: &cdcpb.ChangeDataRequest_Register{}}}
}

func (w *watcher) wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		w.mu.Lock()
		ok := done()
		w.mu.Unlock()
		if ok {
			return
		}
	}
	t.Fatalf("%s did not come", what)
}

// resolved runs the resolver once and returns what the watcher has been told.
func (l *lab) resolved(w *watcher) uint64 {
	l.t.Helper()
	l.feed.resolve()
	l.feed.mu.RLock()
	promised := l.feed.promised
	l.feed.mu.RUnlock()
	w.wait(l.t, "the resolved timestamp", func() bool { return w.resolved == promised })
	return promised
}
