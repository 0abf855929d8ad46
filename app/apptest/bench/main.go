// Command bench measures whole nodes on this machine and prints a table of the
// figures that were promised, each with its target. "make bench" runs it; it takes
// about three minutes.
//
// Latency, throughput and bytes are measured on nodes in this process, called
// through the api as the window calls it; start, join and rest on the headless
// program in processes of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

// options say how much is measured.
type options struct {
	messages int           // of the throughput
	single   int           // messages one after the other
	starts   int           // of the program
	idle     time.Duration // before and while rest is measured
	only     string        // a part of the names of what is measured; empty: everything
	profile  string        // file for a CPU profile of what runs in this process
	program  string        // a built headless program; empty: it is built
}

// row is one line of the table.
type row struct {
	what, median, p99, target string
	missed                    bool
	note                      string // below the table
}

// step measures some rows.
type step struct {
	name string
	run  func(ctx context.Context, o options) ([]row, error)
}

func main() {
	var o options
	flag.IntVar(&o.messages, "messages", 20_000, "messages of the throughput")
	flag.IntVar(&o.single, "single", 2_000, "messages one after the other")
	flag.IntVar(&o.starts, "starts", 20, "starts of the program")
	flag.DurationVar(&o.idle, "idle", time.Minute, "how long the program rests, before and while it is measured")
	flag.StringVar(&o.only, "only", "", "measure only what has this in its name: latency, throughput, wire, join, start, idle")
	flag.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile of what runs in this process")
	flag.StringVar(&o.program, "program", "", "the headless program (default: build it)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	fmt.Println(machine())
	if o.profile != "" {
		file, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return errors.Join(err, file.Close())
		}
		defer func() {
			pprof.StopCPUProfile()
			err = errors.Join(err, file.Close())
		}()
	}
	steps := []step{{"latency", latency}, {"throughput", throughput}, {"wire", wire}, {"program: join, start, idle", program}}
	var rows []row
	for _, s := range steps {
		if !strings.Contains(s.name, o.only) {
			continue
		}
		begun := time.Now()
		measured, err := s.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", s.name, time.Since(begun).Round(time.Second))
		rows = append(rows, measured...)
	}
	print(rows)
	return nil
}

// print writes the table.
func print(rows []row) {
	const line = "| %-62s | %-11s | %-11s | %-22s | %-6s |\n"
	fmt.Printf("\n"+line, "what", "median", "99th", "target", "")
	fmt.Printf("|%s|%s|%s|%s|%s|\n", strings.Repeat("-", 64), strings.Repeat("-", 13), strings.Repeat("-", 13), strings.Repeat("-", 24), strings.Repeat("-", 8))
	for _, r := range rows {
		verdict := "ok"
		switch {
		case r.missed:
			verdict = "MISSED"
		case r.target == "":
			verdict = ""
		}
		fmt.Printf(line, r.what, r.median, r.p99, r.target, verdict)
	}
	for _, r := range rows {
		if r.note != "" {
			fmt.Printf("\n%s: %s\n", r.what, r.note)
		}
	}
}

// quantile is the value below which a share of all values lies.
func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*q))]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }
