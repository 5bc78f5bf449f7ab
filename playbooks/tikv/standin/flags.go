package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// Release is the version that the store registers in PD, set with -ldflags -X.
// TiDB and TiCDC both check it, so it names the line of TiDB that the unistore
// inside comes from; whatever is printed says "stand-in" beside it.
var Release = "v8.4.0-alpha"

// gitHash is registered where TiKV has the commit it was built from.
const gitHash = "stand-in-not-tikv"

type settings struct {
	addr, advertise, statusAddr, advertiseStatus string
	pd, dataDir, logFile, logLevel               string
}

// parseFlags understands the part of TiKV's flags that a lab passes. done says
// that the answer (version, help) was printed already.
func parseFlags(args []string, stdout, stderr io.Writer) (o settings, done bool, err error) {
	fs := flag.NewFlagSet("tikv-server", flag.ContinueOnError)
	fs.SetOutput(stderr)
	str := func(p *string, def, help string, names ...string) {
		for _, n := range names {
			fs.StringVar(p, n, def, help)
		}
	}
	var unused string
	var version, check bool
	str(&o.addr, "127.0.0.1:20160", "listening address", "addr", "A")
	str(&o.advertise, "", "address told to PD (default: addr)", "advertise-addr")
	str(&o.statusAddr, "127.0.0.1:20180", "HTTP status address", "status-addr")
	str(&o.advertiseStatus, "", "status address told to PD (default: status-addr)", "advertise-status-addr")
	str(&o.pd, "127.0.0.1:2379", "PD endpoints, comma separated", "pd-endpoints", "pd")
	str(&o.dataDir, "./tikv", "data folder", "data-dir", "s")
	str(&o.logFile, "", "log file (default: standard output)", "log-file", "f")
	str(&o.logLevel, "info", "log level", "log-level", "L")
	str(&unused, "", "accepted as TiKV does, and not read", "config", "C")
	str(&unused, "", "accepted as TiKV does, and not used", "labels", "capacity")
	fs.BoolVar(&version, "version", false, "print the version")
	fs.BoolVar(&version, "V", false, "print the version")
	fs.BoolVar(&check, "config-check", false, "say that there is nothing to check")
	if err := fs.Parse(args); err != nil {
		return o, errors.Is(err, flag.ErrHelp), err
	}
	if version {
		fmt.Fprint(stdout, versionText())
		return o, true, nil
	}
	if check && fs.NArg() == 0 {
		fmt.Fprintln(stdout, "a stand-in, not TiKV: it reads no configuration file, so nothing was checked")
		return o, true, nil
	}
	if fs.NArg() > 0 {
		return o, false, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if len(o.pdEndpoints()) == 0 {
		return o, false, errors.New("no PD endpoint given")
	}
	if o.advertise == "" {
		o.advertise = o.addr
	}
	if o.advertiseStatus == "" {
		o.advertiseStatus = o.statusAddr
	}
	return o, false, nil
}

func (o settings) pdEndpoints() []string {
	return strings.FieldsFunc(o.pd, func(r rune) bool { return r == ',' || r == ' ' })
}

func versionText() string {
	return fmt.Sprintf("tidelab's stand-in for TiKV (this is NOT TiKV: TiDB's unistore, one store, no Raft, for labs only)\n"+
		"Release Version:   %s\nEdition:           Stand-in\nUnistore of:       %s\n",
		strings.TrimPrefix(Release, "v"), unistoreVersion())
}

// unistoreVersion is the version of the TiDB module that was built in.
func unistoreVersion() string {
	const module = "github.com/pingcap/tidb"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == module {
				return module + " " + d.Version
			}
		}
	}
	return module + " (version not recorded)"
}
