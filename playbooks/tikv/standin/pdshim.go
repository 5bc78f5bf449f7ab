package main

import (
	"context"
	"math"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pingcap/kvproto/pkg/metapb"
	"github.com/pingcap/kvproto/pkg/pdpb"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/pd"
)

const (
	heartbeatEvery = 5 * time.Second
	// holdFor is how long a timestamp handed out by GetTS may hold the feed
	// back. Most land in milliseconds; one whose write never comes (the 1PC was
	// given up, say) must not hold it for ever. A write that comes later still
	// is refused (see hookWriter.Write), so this is no matter of safety.
	holdFor = 5 * time.Second
)

func tso(physical, logical int64) uint64 { return uint64(physical)<<18 + uint64(logical) }

// pdShim stands between unistore and PD's client.
//
//   - The store it registers has a version, which PD, TiDB and TiCDC all check.
//   - Regions are reported again and again: unistore reports a region once, and
//     PD, restarted, knows no leader until it is told.
//   - GetTS is where unistore takes the commit timestamp of a 1PC or
//     async-commit transaction whose write has yet to land. Until it lands no
//     resolved timestamp may pass it.
type pdShim struct {
	pd.Client
	o       settings
	started int64
	clock   func() time.Time // time.Now but in tests
	used    func() uint64    // bytes that the data take
	quit    chan struct{}

	mu      sync.Mutex
	regions map[uint64]*pdpb.RegionHeartbeatRequest
	holds   map[uint64]time.Time
}

func newPDShim(c pd.Client, o settings) *pdShim {
	return &pdShim{Client: c, o: o, started: time.Now().Unix(), clock: time.Now, quit: make(chan struct{}),
		regions: map[uint64]*pdpb.RegionHeartbeatRequest{}, holds: map[uint64]time.Time{}}
}

func (p *pdShim) describe(s *metapb.Store) *metapb.Store {
	c := *s
	c.Version = strings.TrimPrefix(Release, "v")
	c.GitHash = gitHash
	c.StatusAddress, c.PeerAddress = p.o.advertiseStatus, p.o.advertise
	c.StartTimestamp = p.started
	c.DeployPath, _ = os.Getwd()
	return &c
}

func (p *pdShim) Bootstrap(ctx context.Context, s *metapb.Store, r *metapb.Region) (*pdpb.BootstrapResponse, error) {
	return p.Client.Bootstrap(ctx, p.describe(s), r)
}

func (p *pdShim) PutStore(ctx context.Context, s *metapb.Store) error {
	return p.Client.PutStore(ctx, p.describe(s))
}

// StoreHeartbeat gives the sizes of the file system that has the data folder,
// where unistore gives constants, and the size of the engine.
func (p *pdShim) StoreHeartbeat(ctx context.Context, s *pdpb.StoreStats) error {
	s.StartTime = uint32(p.started)
	var fs syscall.Statfs_t
	if err := syscall.Statfs(p.o.dataDir, &fs); err == nil {
		s.Capacity = fs.Blocks * uint64(fs.Bsize)
		s.Available = fs.Bavail * uint64(fs.Bsize)
	}
	if p.used != nil {
		s.UsedSize = p.used()
	}
	return p.Client.StoreHeartbeat(ctx, s)
}

func (p *pdShim) ReportRegion(r *pdpb.RegionHeartbeatRequest) {
	r.Term = 5 // what a leader elected once has; PD wants one
	if r.ApproximateSize == 0 {
		r.ApproximateSize = 1 << 20
	}
	c := *r // the client writes its header into what it is given
	p.mu.Lock()
	p.regions[r.Region.Id] = &c
	p.mu.Unlock()
	p.Client.ReportRegion(r)
}

func (p *pdShim) reportAgain() {
	p.mu.Lock()
	rs := make([]*pdpb.RegionHeartbeatRequest, 0, len(p.regions))
	for _, r := range p.regions {
		c := *r
		rs = append(rs, &c)
	}
	p.mu.Unlock()
	for _, r := range rs {
		p.Client.ReportRegion(r)
	}
}

func (p *pdShim) start() {
	go func() {
		tick := time.NewTicker(heartbeatEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.quit:
				return
			case <-tick.C:
				p.reportAgain()
			}
		}
	}()
}

// stop does not wait: with PD away ReportRegion may block on a full queue.
func (p *pdShim) stop() { close(p.quit) }

func (p *pdShim) GetTS(ctx context.Context) (int64, int64, error) {
	// Held over the call: who takes a later timestamp must find this one held.
	p.mu.Lock()
	defer p.mu.Unlock()
	physical, logical, err := p.Client.GetTS(ctx)
	if err == nil {
		p.holds[tso(physical, logical)] = p.clock()
	}
	return physical, logical, err
}

// landed says that the write which took ts is in the store, or was refused.
func (p *pdShim) landed(ts uint64) {
	p.mu.Lock()
	delete(p.holds, ts)
	p.mu.Unlock()
}

// now returns a fresh timestamp of PD, and the lowest one handed out by GetTS
// whose write has not landed (MaxUint64: none).
func (p *pdShim) now() (ts, lowest uint64, err error) {
	physical, logical, err := p.Client.GetTS(context.Background())
	if err != nil {
		return 0, 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	lowest = math.MaxUint64
	for t, since := range p.holds {
		if p.clock().Sub(since) > holdFor {
			delete(p.holds, t)
		} else {
			lowest = min(lowest, t)
		}
	}
	return tso(physical, logical), lowest, nil
}
