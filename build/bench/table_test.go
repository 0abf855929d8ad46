//go:build bench

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// row is one line of the table of figures to reach.
type row struct {
	what, median, p99, reach string
	missed                   bool
}

// figures prints rows with what is missed.
func figures(rows []row) {
	cells := make([][]string, len(rows))
	for i, r := range rows {
		verdict := ""
		if r.missed {
			verdict = "MISSED"
		}
		cells[i] = []string{r.what, r.median, r.p99, r.reach, verdict}
	}
	table([]string{"what", "median", "99th", "to reach", ""}, cells)
}

// table prints rows under a head, each column as wide as its widest cell.
func table(head []string, rows [][]string) {
	fmt.Println()
	widths := make([]int, len(head))
	for _, cells := range append(rows[:len(rows):len(rows)], head) {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	line := func(cells []string) {
		for i, cell := range cells {
			fmt.Printf("| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		fmt.Println("|")
	}
	line(head)
	for _, width := range widths {
		fmt.Print("|", strings.Repeat("-", width+2))
	}
	fmt.Println("|")
	for _, cells := range rows {
		line(cells)
	}
}

// machine is what runs where and when, and how busy others keep it: to be asked
// before anything is measured.
func machine() string {
	text := fmt.Sprintf("%s, %d cores, %s, commit %s, %s", processor(), runtime.NumCPU(), runtime.Version(), commit(), time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	load, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(load))
	if err != nil || len(fields) < 3 {
		return text
	}
	text += "\nload average before: " + strings.Join(fields[:3], " ")
	if busy, err := strconv.ParseFloat(fields[0], 64); err == nil && busy > float64(runtime.NumCPU())/2 {
		text += " – BUSY: other programs run on this machine, the figures are worse than it can do"
	}
	return text
}

func processor() string {
	content, _ := os.ReadFile("/proc/cpuinfo") // not on every system
	for line := range strings.Lines(string(content)) {
		if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return runtime.GOARCH
}

// commit is what the working folder holds.
func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "none"
	}
	id := strings.TrimSpace(string(out))
	if changes, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(changes) > 0 {
		id += " with changes"
	}
	return id
}

// timed is a row of times with bars for the median and the 99th percentile.
func timed(what string, all []time.Duration, median, p99 time.Duration) row {
	m, p := quantile(all, 0.5), quantile(all, 0.99)
	return row{what, ms(m), ms(p), fmt.Sprintf("≤ %d ms, ≤ %d ms", median.Milliseconds(), p99.Milliseconds()), m > median || p > p99}
}

func quantile(all []time.Duration, q float64) time.Duration {
	slices.Sort(all)
	return all[min(len(all)-1, int(float64(len(all))*q))]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// grouped writes a number with its thousands apart.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
