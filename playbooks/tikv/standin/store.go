package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pingcap/badger"
	"github.com/pingcap/badger/options"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/config"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/lockstore"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/pd"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv/mvcc"
)

type store struct {
	tikv   *tikv.Server
	feed   *feed
	writer *hookWriter
	wal    *lockLog
	shim   *pdShim
}

// openStore joins unistore's parts, with three of ours in between: pdShim in
// front of the PD client, lockLog under the lock store, and hookWriter in front
// of the writer, which is where the feed for TiCDC gets its rows.
func openStore(o settings, cli pd.Client) (*store, error) {
	if err := os.MkdirAll(filepath.Join(o.dataDir, "kv"), 0o755); err != nil {
		return nil, err
	}
	conf := config.DefaultConf
	conf.Server.StoreAddr = o.advertise
	conf.Server.RegionSize = math.MaxInt64 / 4 // never split: the feed knows no region changes
	conf.Engine.DBPath = o.dataDir

	shim := newPDShim(cli, o)
	physical, logical, err := cli.GetTS(context.Background())
	if err != nil {
		return nil, fmt.Errorf("a timestamp from PD: %w", err)
	}
	safePoint := &tikv.SafePoint{}
	db, err := openBadger(filepath.Join(o.dataDir, "kv"), safePoint)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.dataDir, err)
	}
	bundle := &mvcc.DBBundle{DB: db, LockStore: lockstore.NewMemStore(8 << 20), StateTS: tso(physical, logical)}
	if err := checkIdentity(o.dataDir, db, cli); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	shim.used = func() uint64 {
		tables, values := db.Size()
		return uint64(tables + values)
	}
	wal, err := openLockLog(filepath.Join(o.dataDir, "locks.log"), bundle)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock log: %w", err), db.Close())
	}
	rm := tikv.NewStandAloneRegionManager(bundle, tikv.RegionOptions{
		StoreAddr: o.advertise, PDAddr: o.pd, RegionSize: conf.Server.RegionSize}, shim)
	if err := writeIdentity(o.dataDir, cli); err != nil {
		return nil, errors.Join(err, rm.Close(), db.Close())
	}
	f := newFeed(bundle, rm, shim, wal)
	writer := &hookWriter{DBWriter: tikv.NewDBWriter(bundle), bundle: bundle, feed: f, wal: wal}
	inner := tikv.NewStandAlongInnerServer(bundle)
	inner.Setup(shim)
	kv := tikv.NewMVCCStore(&conf, bundle, o.dataDir, safePoint, writer, shim)
	kv.DeadlockDetectSvr.ChangeRole(tikv.Leader)
	if err := inner.Start(shim); err != nil {
		return nil, err
	}
	kv.StartDeadlockDetection(false)
	shim.start()
	f.start()
	return &store{tikv: tikv.NewServer(rm, kv, inner), feed: f, writer: writer, wal: wal, shim: shim}, nil
}

// close waits for what reads badger, then closes it.
func (s *store) close() {
	s.shim.stop()
	s.feed.stop()
	s.tikv.Stop()
	s.wal.close()
}

// openBadger opens the engine with badger's own defaults. What must differ:
// unistore brings its own timestamps, and its safe point drops old versions.
// Compression is off, a lab's data is small.
func openBadger(dir string, sp *tikv.SafePoint) (*badger.DB, error) {
	opts := badger.DefaultOptions
	opts.Dir, opts.ValueDir = dir, dir
	opts.ManagedTxns = true
	opts.CompactionFilterFactory = sp.CreateCompactionFilter
	levels := len(opts.TableBuilderOptions.CompressionPerLevel)
	opts.TableBuilderOptions.CompressionPerLevel = make([]options.CompressionType, levels)
	return badger.Open(opts)
}

// checkIdentity refuses a data folder and a PD that do not belong together,
// before anything is written to either. Unistore itself would go on, or stop
// with less to say.
func checkIdentity(dir string, db *badger.DB, cli pd.Client) error {
	ctx := context.Background()
	bootstrapped, err := cli.IsBootstrapped(ctx)
	if err != nil {
		return fmt.Errorf("ask PD whether it is bootstrapped: %w", err)
	}
	txn := db.NewTransaction(false)
	defer txn.Discard()
	_, err = txn.Get(tikv.InternalStoreMetaKey)
	if err != nil && !errors.Is(err, badger.ErrKeyNotFound) {
		return err
	}
	hasStore := err == nil
	const both = "the stand-in's data and PD's data belong together: keep both, or remove both"
	switch {
	case hasStore && !bootstrapped:
		return fmt.Errorf("%s holds a store but PD has no cluster yet; %s", dir, both)
	case !hasStore && bootstrapped:
		return fmt.Errorf("%s is new but PD has a cluster already; %s", dir, both)
	}
	raw, err := os.ReadFile(identityFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	id, err := strconv.ParseUint(strings.TrimSpace(string(raw)), 10, 64)
	if err != nil {
		return fmt.Errorf("%s: %w", identityFile(dir), err)
	}
	if now := cli.GetClusterID(ctx); hasStore && id != now {
		return fmt.Errorf("%s belongs to cluster %d but PD is of cluster %d; %s", dir, id, now, both)
	}
	return nil
}

func identityFile(dir string) string { return filepath.Join(dir, "cluster-id") }

func writeIdentity(dir string, cli pd.Client) error {
	id := strconv.FormatUint(cli.GetClusterID(context.Background()), 10)
	return os.WriteFile(identityFile(dir), []byte(id+"\n"), 0o644)
}
