package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pingcap/kvproto/pkg/cdcpb"
	"github.com/pingcap/kvproto/pkg/kvrpcpb"
)

func text(rows []*cdcpb.Event_Row) string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%s=%s(%s)", r.Key, r.Value, r.OldValue))
	}
	return strings.Join(out, " ")
}

func TestEveryKindOfCommitReachesTheFeed(t *testing.T) {
	l := newLab(t)
	w := l.watch("t1", l.pd.ts())
	want := 0
	for _, kind := range []string{"2pc", "async", "1pc"} {
		before := l.put(kind, "t1", kind)
		want++
		w.wait(t, kind, func() bool { return len(w.rows) == want })
		if r := w.rows[want-1]; r.CommitTs != before || r.Type != cdcpb.Event_COMMITTED || r.OpType != cdcpb.Event_Row_PUT {
			t.Errorf("%s: %v, want commit %d", kind, r, before)
		}
		if got := l.resolved(w); got < before {
			t.Errorf("%s: resolved %d stays below the commit %d: something is held for ever", kind, got, before)
		}
	}
	l.put("2pc", "t1", "")
	w.wait(t, "the delete", func() bool { return len(w.rows) == 4 })
	if r := w.rows[3]; r.OpType != cdcpb.Event_Row_DELETE {
		t.Errorf("a delete came as %v", r)
	}
	if got := text(w.rows); got != "t1=2pc() t1=async(2pc) t1=1pc(async) t1=(1pc)" {
		t.Errorf("rows %s", got)
	}
}

func TestScanSendsWhatIsNewerThanTheCheckpoint(t *testing.T) {
	l := newLab(t)
	l.put("2pc", "ta", "1")
	checkpoint := l.put("1pc", "tb", "1")
	l.put("2pc", "ta", "2")
	l.put("async", "tb", "2")
	l.put("1pc", "tb", "3")
	l.put("2pc", "m-meta", "other region")
	w := l.watch("t1", checkpoint)
	if got := text(w.rows); got != "ta=2(1) tb=3(2) tb=2(1)" {
		t.Errorf("scan sent %s", got)
	}
}

func TestRowsUpToTheCheckpointAreDropped(t *testing.T) {
	l := newLab(t)
	checkpoint := l.pd.ts() + 1000 // TiCDC knows more than has been committed here
	w := l.watch("t1", checkpoint)
	old := l.put("2pc", "t1", "old")
	if old > checkpoint {
		t.Fatal("the test's timestamps are wrong")
	}
	if l.feed.resolve(); w.resolved != 0 {
		t.Errorf("resolved %d at or below the checkpoint %d", w.resolved, checkpoint)
	}
	for l.pd.ts() <= checkpoint {
	}
	l.put("2pc", "t1", "new")
	w.wait(t, "the new row", func() bool { return len(w.rows) > 0 })
	if got := text(w.rows); got != "t1=new(old)" {
		t.Errorf("rows %s", got)
	}
}

func TestPrewriteLocksHoldTheResolvedTimestamp(t *testing.T) {
	l := newLab(t)
	w := l.watch("t1", l.pd.ts())
	l.pd.ts() // so that start-1 is above the checkpoint
	start := l.pd.ts()
	l.prewrite("2pc", "t1", "v", start)
	if got := l.resolved(w); got != start-1 {
		t.Errorf("resolved %d with a lock of %d", got, start)
	}
	commit := l.pd.ts()
	l.commit("t1", start, commit)
	if got := l.resolved(w); got < commit {
		t.Errorf("resolved %d after the commit at %d", got, commit)
	}
}

func TestPessimisticLocksDoNot(t *testing.T) {
	l := newLab(t)
	w := l.watch("t1", l.pd.ts())
	start := l.pd.ts()
	resp, err := l.tikv.KvPessimisticLock(context.Background(), &kvrpcpb.PessimisticLockRequest{Context: l.ctx("t1"),
		Mutations: []*kvrpcpb.Mutation{{Op: kvrpcpb.Op_PessimisticLock, Key: []byte("t1")}}, PrimaryLock: []byte("t1"),
		StartVersion: start, ForUpdateTs: start, LockTtl: 3000})
	if err != nil || len(resp.Errors) > 0 {
		t.Fatal(err, resp)
	}
	if l.feed.bundle.LockStore.Len() != 1 {
		t.Fatal("no lock was set")
	}
	if got := l.resolved(w); got <= start {
		t.Errorf("resolved %d, held by the pessimistic lock of %d", got, start)
	}
}

// Between unistore's taking of a commit timestamp and its write there is no
// lock; a resolved timestamp must not pass it all the same.
func TestTimestampOfAOnePhaseCommitIsHeldBack(t *testing.T) {
	l := newLab(t)
	w := l.watch("t1", l.pd.ts())
	start := l.pd.ts()
	physical, logical, _ := l.shim.GetTS(context.Background()) // as prewriteMutations does
	commit := tso(physical, logical)
	for range 3 {
		if got := l.resolved(w); got != commit-1 {
			t.Fatalf("resolved %d, the write of %d has yet to land", got, commit)
		}
	}
	b := l.writer.NewWriteBatch(start, commit, nil)
	b.Commit([]byte("t1"), lockOf("t1", "v", start))
	if err := l.writer.Write(b); err != nil {
		t.Fatal(err)
	}
	if got := l.resolved(w); got < commit {
		t.Errorf("resolved %d, still held after the write of %d", got, commit)
	}
	w.wait(t, "the row", func() bool { return len(w.rows) == 1 })
	if len(w.broken) > 0 {
		t.Error(w.broken)
	}
}

func TestWriteThatComesTooLateIsRefused(t *testing.T) {
	for _, kind := range []string{"1pc", "async"} {
		l := newLab(t)
		w := l.watch("t1", l.pd.ts())
		start := l.pd.ts()
		physical, logical, _ := l.shim.GetTS(context.Background())
		own := tso(physical, logical)
		l.shim.clock = func() time.Time { return time.Now().Add(holdFor + time.Second) }
		if got := l.resolved(w); got <= own {
			t.Fatalf("%s: resolved %d, held for ever by %d", kind, got, own)
		}
		lock := lockOf("t1", "v", start)
		var b = l.writer.NewWriteBatch(start, own, nil)
		if kind == "1pc" {
			b.Commit([]byte("t1"), lock)
		} else {
			lock.UseAsyncCommit, lock.MinCommitTS = true, own
			b = l.writer.NewWriteBatch(start, 0, nil)
			b.Prewrite([]byte("t1"), lock)
		}
		if err := l.writer.Write(b); err != errLate {
			t.Errorf("%s: %v, want a refusal", kind, err)
		}
		if l.feed.bundle.LockStore.Len() != 0 || len(w.rows) != 0 {
			t.Errorf("%s: the refused write left something", kind)
		}
	}
}

func TestNoRowBelowAResolvedTimestampUnderLoad(t *testing.T) {
	l := newLab(t)
	w := l.watch("t", l.pd.ts())
	const writers, each = 6, 150
	quit := make(chan struct{})
	var resolver, wg sync.WaitGroup
	resolver.Add(1)
	go func() {
		defer resolver.Done()
		for {
			select {
			case <-quit:
				return
			default:
				l.feed.resolve()
			}
		}
	}()
	var late *watcher
	for n := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				l.put([]string{"2pc", "async", "1pc"}[i%3], fmt.Sprintf("t%d-%d", n, i), "v")
			}
		}()
	}
	late = l.watch("t", 0) // its scan runs beside the writers
	wg.Wait()
	close(quit)
	resolver.Wait()
	l.resolved(w)
	for name, x := range map[string]*watcher{"from the start": w, "from the middle": late} {
		x.wait(t, "every row "+name, func() bool { return len(x.rows) >= writers*each })
		seen := map[string]int{}
		x.mu.Lock()
		for _, r := range x.rows {
			seen[string(r.Key)]++
		}
		if len(seen) != writers*each || len(x.rows) != writers*each {
			t.Errorf("%s: %d rows of %d keys, want %d once each", name, len(x.rows), len(seen), writers*each)
		}
		if len(x.broken) > 0 {
			t.Errorf("%s: %d times broken, first: %s", name, len(x.broken), x.broken[0])
		}
		x.mu.Unlock()
	}
}

// What is committed while the scan runs is published; badger's iterator sees it
// too, and must not send it again.
func TestCommitDuringTheScanIsSentOnce(t *testing.T) {
	l := newLab(t)
	l.put("2pc", "ta", "1")
	st := newStream()
	x := &sub{stream: st, live: map[string]struct{}{}}
	l.feed.mu.Lock()
	l.feed.subs[x] = struct{}{}
	sc := l.feed.newScan(x, []byte("t"), []byte("u"))
	l.feed.mu.Unlock()
	const during = 300 // badger merges small writes into what iterators follow only now and then
	for i := range during {
		l.put("1pc", fmt.Sprintf("tb%03d", i), "2")
	}
	if n := sc.run(); n != 1 {
		t.Errorf("the scan sent %d rows, want ta alone", n)
	}
	var all []*cdcpb.Event_Row
	for _, e := range st.take() {
		all = append(all, e.Events[0].GetEntries().GetEntries()...)
	}
	if len(all) != during+1 || string(all[during].Key) != "ta" {
		t.Errorf("%d rows were sent, want %d and ta", len(all), during)
	}
}

func TestStaleOrUnknownRegionsAreRefusedWithAReason(t *testing.T) {
	l := newLab(t)
	w := l.stream()
	r := l.pd.regionOf(t, "t1")
	stale := *r.RegionEpoch
	stale.Version--
	w.reqs <- &cdcpb.ChangeDataRequest{RegionId: 99999, RequestId: 1}
	w.reqs <- &cdcpb.ChangeDataRequest{RegionId: r.Id, RegionEpoch: &stale, RequestId: 2}
	w.wait(t, "two errors", func() bool { return len(w.errs) == 2 })
	if w.errs[0].RegionNotFound == nil || w.errs[1].EpochNotMatch == nil {
		t.Errorf("errors %v", w.errs)
	}
}

func TestDeregisterEndsASubscription(t *testing.T) {
	l := newLab(t)
	w := l.watch("t1", l.pd.ts())
	w.reqs <- &cdcpb.ChangeDataRequest{RequestId: 42, Request: &cdcpb.ChangeDataRequest_Deregister_{}}
	w.wait(t, "the end", func() bool {
		l.feed.subsMu.RLock()
		defer l.feed.subsMu.RUnlock()
		return len(l.feed.subs) == 0
	})
	l.put("2pc", "t1", "v")
	if l.feed.resolve(); len(w.rows) > 0 || w.resolved > 0 {
		t.Error("events after the end")
	}
}
