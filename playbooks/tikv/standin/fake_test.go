package main

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/pingcap/kvproto/pkg/metapb"
	"github.com/pingcap/kvproto/pkg/pdpb"
	"github.com/pingcap/log"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/pd"
	"github.com/pingcap/tidb/pkg/util/codec"
	pdclient "github.com/tikv/pd/client"
	"go.uber.org/zap"
)

func init() { log.ReplaceGlobals(zap.NewNop(), &log.ZapProperties{}) }

// fakePD is a PD of one process: it gives identifiers and timestamps, and
// remembers what it was told.
type fakePD struct {
	pd.Client // nil: what the stand-in does not call panics

	mu         sync.Mutex
	clusterID  uint64
	lastID     uint64
	logical    int64
	bootstrap  bool
	stores     []*metapb.Store
	regions    map[uint64]*metapb.Region
	reports    int
	heartbeats []*pdpb.StoreStats
}

func newFakePD() *fakePD {
	return &fakePD{clusterID: 7001, lastID: 10, regions: map[uint64]*metapb.Region{}}
}

// ts is the next timestamp; they count up by one, so tests can tell them apart.
func (p *fakePD) ts() uint64 {
	physical, logical, _ := p.GetTS(context.Background())
	return tso(physical, logical)
}

func (p *fakePD) GetTS(context.Context) (int64, int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logical++
	return 1000 + p.logical>>18, p.logical & (1<<18 - 1), nil
}

func (p *fakePD) GetClusterID(context.Context) uint64 { return p.clusterID }

func (p *fakePD) AllocID(context.Context) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastID++
	return p.lastID, nil
}

func (p *fakePD) IsBootstrapped(context.Context) (bool, error) { return p.bootstrap, nil }

func (p *fakePD) Bootstrap(_ context.Context, s *metapb.Store, _ *metapb.Region) (*pdpb.BootstrapResponse, error) {
	p.bootstrap = true
	return &pdpb.BootstrapResponse{}, p.PutStore(context.Background(), s)
}

func (p *fakePD) PutStore(_ context.Context, s *metapb.Store) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stores = append(p.stores, s)
	return nil
}

func (p *fakePD) ReportRegion(r *pdpb.RegionHeartbeatRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.regions[r.Region.Id] = r.Region
	p.reports++
}

func (p *fakePD) StoreHeartbeat(_ context.Context, s *pdpb.StoreStats) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heartbeats = append(p.heartbeats, s)
	return nil
}

func (p *fakePD) GetGCSafePoint(context.Context) (uint64, error) { return 0, nil }
func (p *fakePD) GetRegion(context.Context, []byte, ...pdclient.GetRegionOption) (*pdclient.Region, error) {
	return nil, errors.New("not here")
}
func (p *fakePD) SetRegionHeartbeatResponseHandler(func(*pdpb.RegionHeartbeatResponse)) {}
func (p *fakePD) Close()                                                                {}

// regionOf returns the region that holds a raw key.
func (p *fakePD) regionOf(t *testing.T, key string) *metapb.Region {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	enc := string(codec.EncodeBytes(nil, []byte(key)))
	for _, r := range p.regions {
		if string(r.StartKey) <= enc && (len(r.EndKey) == 0 || enc < string(r.EndKey)) {
			return r
		}
	}
	t.Fatalf("no region has %q", key)
	return nil
}

// lab is a whole store on a fake PD, without the resolver's clock: a test calls
// feed.resolve itself.
type lab struct {
	*store
	t   *testing.T
	pd  *fakePD
	dir string
}

func newLab(t *testing.T) *lab {
	l := &lab{t: t, pd: newFakePD(), dir: t.TempDir()}
	l.open()
	t.Cleanup(func() { l.store.close() })
	return l
}

func (l *lab) open() {
	l.t.Helper()
	st, err := openStore(l.settings(), l.pd)
	if err != nil {
		l.t.Fatal(err)
	}
	close(st.feed.quit) // the resolver's loop, so that nothing is sent unasked
	st.feed.wg.Wait()
	st.feed.quit = make(chan struct{})
	l.store = st
}

func (l *lab) settings() settings {
	return settings{addr: "127.0.0.1:1", advertise: "127.0.0.1:1", statusAddr: "127.0.0.1:2", advertiseStatus: "127.0.0.1:2",
		pd: "127.0.0.1:3", dataDir: l.dir}
}

func (l *lab) ctx(key string) *kvrpcpb.Context {
	r := l.pd.regionOf(l.t, key)
	return &kvrpcpb.Context{RegionId: r.Id, RegionEpoch: r.RegionEpoch, Peer: r.Peers[0]}
}

// prewrite is of one key; kind is "2pc", "async" or "1pc".
func (l *lab) prewrite(kind, key, value string, startTS uint64) *kvrpcpb.PrewriteResponse {
	l.t.Helper()
	op := kvrpcpb.Op_Put
	if value == "" {
		op = kvrpcpb.Op_Del
	}
	resp, err := l.tikv.KvPrewrite(context.Background(), &kvrpcpb.PrewriteRequest{Context: l.ctx(key),
		Mutations: []*kvrpcpb.Mutation{{Op: op, Key: []byte(key), Value: []byte(value)}}, PrimaryLock: []byte(key),
		StartVersion: startTS, LockTtl: 3000, TxnSize: 1, UseAsyncCommit: kind != "2pc", TryOnePc: kind == "1pc"})
	if err != nil {
		l.t.Fatal(err)
	}
	return resp
}

func (l *lab) commit(key string, startTS, commitTS uint64) {
	l.t.Helper()
	resp, err := l.tikv.KvCommit(context.Background(), &kvrpcpb.CommitRequest{Context: l.ctx(key),
		StartVersion: startTS, Keys: [][]byte{[]byte(key)}, CommitVersion: commitTS})
	if err != nil || resp.Error != nil {
		l.t.Fatalf("commit %q: %v %v", key, err, resp)
	}
}

// put runs a whole transaction and returns its commit timestamp.
func (l *lab) put(kind, key, value string) uint64 {
	l.t.Helper()
	start := l.pd.ts()
	resp := l.prewrite(kind, key, value, start)
	if len(resp.Errors) > 0 {
		l.t.Fatalf("prewrite %q: %v", key, resp.Errors)
	}
	commitTS := resp.OnePcCommitTs
	if kind == "async" {
		commitTS = resp.MinCommitTs
	} else if kind == "2pc" {
		commitTS = l.pd.ts()
	}
	if kind != "1pc" {
		l.commit(key, start, commitTS)
	}
	return commitTS
}
