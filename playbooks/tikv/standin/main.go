// Command tikv-server is a stand-in for TiKV in a lab; it is not TiKV.
//
// It is TiDB's own unistore (the Go implementation of TiKV's gRPC service, on
// badger) joined to a real PD, plus the ChangeData service that TiCDC reads.
// One store, no Raft, nothing fsynced. See README.md.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pingcap/kvproto/pkg/cdcpb"
	"github.com/pingcap/kvproto/pkg/deadlock"
	"github.com/pingcap/kvproto/pkg/tikvpb"
	"github.com/pingcap/log"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/pd"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

const maxMessage = 256 << 20

func main() {
	o, done, err := parseFlags(os.Args[1:], os.Stdout, os.Stderr)
	if done {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tikv-server (stand-in):", err)
		os.Exit(2)
	}
	lg, props, err := log.InitLogger(&log.Config{Level: o.logLevel, File: log.FileLogConfig{Filename: o.logFile}})
	if err != nil {
		fmt.Fprintln(os.Stderr, "tikv-server (stand-in):", err)
		os.Exit(1)
	}
	log.ReplaceGlobals(lg, props)
	if err := run(o); err != nil {
		// To both: whoever started it reads stderr, whoever looks later the log.
		log.Error("the stand-in gives up", zap.Error(err))
		fmt.Fprintln(os.Stderr, "tikv-server (stand-in):", err)
		os.Exit(1)
	}
}

// run serves until SIGINT or SIGTERM.
func run(o settings) error {
	// The ports first: a taken one must not cost PD a store registration.
	lis, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	statusLis, err := net.Listen("tcp", o.statusAddr)
	if err != nil {
		return err
	}
	cli, err := pd.NewClient(o.pdEndpoints(), "tikv-standin")
	if err != nil {
		return fmt.Errorf("PD at %s: %w", o.pd, err)
	}
	st, err := openStore(o, cli)
	if err != nil {
		return err
	}
	gs := newGRPC(st)
	failed := make(chan error, 2)
	go func() { failed <- gs.Serve(lis) }()
	go func() { failed <- http.Serve(statusLis, statusHandler(o)) }()
	log.Info("the TiKV stand-in is up (this is not TiKV)", zap.String("addr", o.addr),
		zap.String("release", Release), zap.String("unistore", unistoreVersion()))

	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGINT, syscall.SIGTERM)
	select {
	case s := <-sig:
		log.Info("stopping", zap.Stringer("signal", s))
		err = nil
	case err = <-failed:
	}
	gs.Stop()
	st.close()
	return err
}

func newGRPC(st *store) *grpc.Server {
	gs := grpc.NewServer(
		// TiDB and TiCDC ping idle connections every 10 s and send requests of
		// more than gRPC's 4 MiB.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
	)
	tikvpb.RegisterTikvServer(gs, st.tikv)
	deadlock.RegisterDeadlockServer(gs, st.tikv)
	cdcpb.RegisterChangeDataServer(gs, st.feed)
	healthpb.RegisterHealthServer(gs, health.NewServer())
	return gs
}
