package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/pingcap/kvproto/pkg/metapb"
	"github.com/pingcap/kvproto/pkg/pdpb"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv/mvcc"
)

func lockOf(primary, value string, startTS uint64) *mvcc.Lock {
	return &mvcc.Lock{LockHdr: mvcc.LockHdr{StartTS: startTS, Op: uint8(kvrpcpb.Op_Put), TTL: 3000,
		PrimaryLen: uint16(len(primary))}, Primary: []byte(primary), Value: []byte(value)}
}

// reopen is a kill -9 and a start: nothing is closed in an orderly way but what
// badger needs to let go of its folder.
func (l *lab) reopen(tamper func(log string)) {
	l.t.Helper()
	path := filepath.Join(l.dir, "locks.log")
	asKilled, err := os.ReadFile(path)
	if err != nil {
		l.t.Fatal(err)
	}
	l.store.close()
	if err := os.WriteFile(path, asKilled, 0o644); err != nil {
		l.t.Fatal(err)
	}
	if tamper != nil {
		tamper(path)
	}
	l.open()
}

func TestLocksSurviveAKill(t *testing.T) {
	l := newLab(t)
	start, gone := l.pd.ts(), l.pd.ts()
	l.prewrite("2pc", "ta", "kept", start)
	l.prewrite("2pc", "tb", "rolled back", gone)
	if _, err := l.tikv.KvBatchRollback(context.Background(), &kvrpcpb.BatchRollbackRequest{Context: l.ctx("tb"),
		StartVersion: gone, Keys: [][]byte{[]byte("tb")}}); err != nil {
		t.Fatal(err)
	}
	l.put("2pc", "tc", "committed")
	l.reopen(nil)
	if n := l.feed.bundle.LockStore.Len(); n != 1 {
		t.Fatalf("%d locks read back, want 1", n)
	}
	w := l.watch("t1", 0)
	if got := l.resolved(w); got != start-1 {
		t.Errorf("resolved %d, the lock read back has start %d", got, start)
	}
	l.commit("ta", start, l.pd.ts())
	w.wait(t, "the row of the lock read back", func() bool { return len(w.rows) == 2 })
	if got := text(w.rows); got != "tc=committed() ta=kept()" {
		t.Errorf("rows %s", got)
	}
}

func TestLockWhoseCommitLandedIsNotReadBack(t *testing.T) {
	l := newLab(t)
	start := l.pd.ts()
	l.prewrite("2pc", "ta", "v", start)
	log, err := os.ReadFile(filepath.Join(l.dir, "locks.log"))
	if err != nil {
		t.Fatal(err)
	}
	l.commit("ta", start, l.pd.ts())
	// Killed after badger's write and before the log's.
	l.reopen(func(path string) { _ = os.WriteFile(path, log, 0o644) })
	if n := l.feed.bundle.LockStore.Len(); n != 0 {
		t.Errorf("%d locks read back, want none", n)
	}
}

func TestRecordCutOffAtTheEndIsIgnored(t *testing.T) {
	whole := appendLock(appendLock(nil, []byte("a"), []byte("1")), []byte("b"), []byte("2"))
	for cut := range 10 { // a record here has 10 bytes
		locks, err := readLocks(bytes.NewReader(whole[:10+cut]))
		if err != nil || len(locks) != 1 || string(locks["a"]) != "1" {
			t.Errorf("cut after %d bytes: %q %v", cut, locks, err)
		}
	}
	if locks, err := readLocks(bytes.NewReader(append(whole, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f))); err != nil || len(locks) != 2 {
		t.Errorf("a header of nonsense: %q %v", locks, err)
	}
}

func TestLockLogIsShortened(t *testing.T) {
	l := newLab(t)
	l.wal.limit = 4 << 10
	l.prewrite("2pc", "held", "v", l.pd.ts())
	for range 60 {
		l.put("2pc", "t1", strings.Repeat("x", 100))
	}
	if !l.wal.full() {
		t.Fatal("the log did not grow")
	}
	l.feed.shortenLog()
	if l.wal.size > 200 {
		t.Errorf("the log has %d bytes after it was made anew", l.wal.size)
	}
	l.put("2pc", "t2", "after")
	l.reopen(nil)
	if n := l.feed.bundle.LockStore.Len(); n != 1 {
		t.Errorf("%d locks read back, want the one held", n)
	}
}

func TestDataStaysOverARestart(t *testing.T) {
	l := newLab(t)
	l.put("1pc", "t1", "v")
	l.reopen(nil)
	resp, err := l.tikv.KvGet(context.Background(), &kvrpcpb.GetRequest{Context: l.ctx("t1"), Key: []byte("t1"), Version: l.pd.ts()})
	if err != nil || string(resp.Value) != "v" {
		t.Errorf("read back %v %v", resp, err)
	}
}

func TestDataAndPDMustBelongTogether(t *testing.T) {
	l := newLab(t)
	mine := l.pd
	try := func(dir string, p *fakePD, want string) {
		t.Helper()
		o := l.settings()
		o.dataDir = dir
		if _, err := openStore(o, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	try(t.TempDir(), mine, "is new but PD has a cluster already")
	l.reopen(nil) // lets go of the folder once, to show that the right PD works
	l.store.close()
	try(l.dir, newFakePD(), "PD has no cluster yet")
	other := newFakePD()
	other.clusterID, other.bootstrap = 7002, true
	try(l.dir, other, "belongs to cluster 7001 but PD is of cluster 7002")
	l.open()
}

func TestStoreIsRegisteredForWhatItIs(t *testing.T) {
	l := newLab(t)
	s := l.pd.stores[len(l.pd.stores)-1]
	if s.Version != "8.4.0-alpha" || s.GitHash != "stand-in-not-tikv" || s.StatusAddress != "127.0.0.1:2" || s.Address != "127.0.0.1:1" {
		t.Errorf("registered as %v", s)
	}
	stats := &pdpb.StoreStats{}
	if err := l.shim.StoreHeartbeat(context.Background(), stats); err != nil {
		t.Fatal(err)
	}
	if stats.Capacity == 0 || stats.Available > stats.Capacity || stats.UsedSize > stats.Capacity {
		t.Errorf("reports %v", stats)
	}
}

func TestRegionsAreReportedAgain(t *testing.T) {
	l := newLab(t)
	before := l.pd.reports
	if before < 5 {
		t.Fatalf("%d regions reported at the start, want 5", before)
	}
	l.pd.regions = map[uint64]*metapb.Region{} // PD restarted, and knows nothing
	l.shim.reportAgain()
	if len(l.pd.regions) != before {
		t.Errorf("%d regions reported again, want %d", len(l.pd.regions), before)
	}
}
