package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// machine is the head of the table: what ran where and when, and how busy it was.
func machine() string {
	head := fmt.Sprintf("%s, %d cores, %s, %s/%s, commit %s, %s", processor(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		commit(), time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	load, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(load))
	if err != nil || len(fields) < 3 {
		return head
	}
	head += fmt.Sprintf("\nload average before: %s %s %s", fields[0], fields[1], fields[2])
	if busy, err := strconv.ParseFloat(fields[0], 64); err == nil && busy > float64(runtime.NumCPU())/2 {
		head += " – BUSY: other programs run on this machine, the figures are worse than it can do"
	}
	return head
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // not on every system
	for line := range strings.Lines(string(text)) {
		if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return "unknown processor"
}

// commit is what the working folder holds.
func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	id := strings.TrimSpace(string(out))
	if changes, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(changes) > 0 {
		id += " with changes"
	}
	return id
}
