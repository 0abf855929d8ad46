package calls

import (
	"math/rand"
	"slices"
	"testing"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// crowd is so many participants that reach each other, with lines of some kbit/s.
func crowd(uplinks ...uint) (all []bid) {
	for i, uplink := range uplinks {
		all = append(all, bid{device: seal.ID{byte(i + 1)}, able: true, uplink: uplink})
	}
	return all
}

// sends lets all send through one.
func sends(all []bid, via int) []bid {
	for i := range all {
		all[i].via = all[via-1].device
	}
	return all
}

func TestL41L44TheChoiceOfAForwarder(t *testing.T) {
	misses := func(all []bid, who, whom int) []bid {
		all[who-1].misses = append(all[who-1].misses, seal.ID{byte(whom)})
		return all
	}
	reaches := func(all []bid, from int, carriers ...byte) []bid {
		for i := range all[from-1:] {
			for _, c := range carriers {
				all[from-1+i].carriers = append(all[from-1+i].carriers, seal.ID{c})
			}
		}
		return all
	}
	past := func(all []bid, via byte) []bid {
		for i := range all {
			all[i].via = seal.ID{via}
		}
		return all
	}
	unable := crowd(1, 1, 1, 1, 1)
	unable[2].able = false
	for _, c := range []struct {
		what string
		bids []bid
		want byte
	}{
		{"nobody is there", nil, 0},
		{"four need none", crowd(9000, 1, 1, 1), 0},
		{"five: the best line", crowd(1, 1, 9000, 1, 1), 3},
		{"equal lines: the smallest id", crowd(0, 7, 7, 7, 7), 2},
		{"one does not know forwarders", unable, 0},
		{"four keep theirs", sends(crowd(1, 1, 1, 1), 3), 3},
		{"three do not", sends(crowd(1, 1, 1), 3), 0},
		{"a better line is not enough", sends(crowd(5000, 3000, 1, 1, 1), 2), 2},
		{"one that is much better is", sends(crowd(6000, 3000, 1, 1, 1), 2), 1},
		{"twice of little is not", sends(crowd(1500, 500, 1, 1, 1), 2), 2},
		{"one is missed by one: another", misses(sends(crowd(1, 9, 5, 1, 1), 2), 4, 2), 3},
		{"one who misses all changes nothing", misses(misses(misses(misses(sends(crowd(1, 9, 5, 1, 1), 2), 4, 1), 4, 2), 4, 3), 4, 5), 2},
		{"no line is better than one's own", misses(sends(crowd(1, 9, 5, 1, 1), 2), 2, 2), 2},
		{"a vote for nobody who is there", func() []bid {
			all := sends(crowd(1, 2, 3, 4, 5), 1)
			for i := range all {
				all[i].via = seal.ID{77}
			}
			return all
		}(), 5},
		{"a super-peer that all reach, before any line", reaches(crowd(9000, 1, 1, 1, 1), 1, 200), 200},
		{"of two the smaller tag", reaches(crowd(1, 1, 1, 1, 1), 1, 201, 200), 200},
		{"the one that sits stays", past(reaches(crowd(1, 1, 1, 1, 1), 1, 201, 200), 201), 201},
		{"a participant that sits does not", sends(reaches(crowd(1, 9, 1, 1, 1), 1, 200), 2), 200},
		{"one does not reach it", past(reaches(crowd(1, 1, 7, 1, 1), 2, 200), 200), 3},
		{"one names another twice", past(reaches(reaches(crowd(1, 1, 7, 1, 1), 2, 200), 5, 200), 200), 3},
		{"all reach the other one", past(reaches(reaches(crowd(1, 1, 7, 1, 1), 2, 200), 1, 201), 200), 201},
		{"four need no super-peer", reaches(crowd(1, 1, 1, 1), 1, 200), 0},
		{"four keep theirs that is one", past(reaches(crowd(1, 1, 1, 1), 1, 200), 200), 200},
		{"four have lost it", past(reaches(crowd(1, 1, 1, 1), 2, 200), 200), 0},
		{"three need none", past(reaches(crowd(1, 1, 1), 1, 200), 200), 0},
		{"one does not know forwarders, nor super-peers", reaches(slices.Clone(unable), 1, 200), 0},
	} {
		if got := elect(c.bids); got != (seal.ID{c.want}) {
			t.Errorf("L41 %s: %x, want %d", c.what, got[:1], c.want)
		}
	}
}

func randomBids(dice *rand.Rand) []bid {
	all := crowd(make([]uint, dice.Intn(9))...)
	any := func() seal.ID { return seal.ID{byte(dice.Intn(len(all) + 2))} }
	for i := range all {
		all[i].uplink, all[i].able = uint(dice.Intn(5)*1000), dice.Intn(20) > 0
		if dice.Intn(3) > 0 {
			all[i].via = any()
		}
		for range dice.Intn(3) {
			all[i].misses = append(all[i].misses, any())
		}
		for carrier := range dice.Intn(3) {
			if all[i].carriers = append(all[i].carriers, seal.ID{byte(200 + carrier)}); dice.Intn(3) == 0 {
				all[i].via = seal.ID{byte(200 + carrier)}
			}
		}
	}
	return all
}

func TestL41AllChooseAlike(t *testing.T) {
	dice := rand.New(rand.NewSource(1))
	chosen, super := 0, 0
	for range 20_000 {
		all := randomBids(dice)
		want := elect(all)
		if !want.IsZero() {
			chosen++
			if slices.ContainsFunc(all, func(b bid) bool { return slices.Contains(b.carriers, want) }) {
				super++
				if slices.ContainsFunc(all, func(b bid) bool { return !slices.Contains(b.carriers, want) }) {
					t.Fatalf("not all reach %x", want[:1])
				}
			} else if !slices.ContainsFunc(all, func(b bid) bool { return b.device == want }) {
				t.Fatalf("%x is not there", want[:1])
			}
		}
		dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := elect(all); got != want {
			t.Fatalf("in another order: %x, not %x of %+v", got[:1], want[:1], all)
		}
	}
	if chosen < 1000 || super < 100 {
		t.Errorf("only %d with a forwarder, %d with a super-peer", chosen, super)
	}
}

// What all have chosen stays chosen while nobody says anything new.
func TestL41TheChoiceSettles(t *testing.T) {
	dice := rand.New(rand.NewSource(2))
	for range 20_000 {
		all := randomBids(dice)
		for i := range all {
			all[i].able = true
		}
		first := elect(all)
		for i := range all {
			all[i].via = first
		}
		second := elect(all)
		for i := range all {
			all[i].via = second
		}
		if third := elect(all); third != second || !first.IsZero() && second != first {
			t.Fatalf("%x, then %x, then %x of %+v", first[:1], second[:1], third[:1], all)
		}
	}
}

func FuzzWay(f *testing.F) {
	good, err := seal.Encode(way{V: wayVersion, Call: call.ID{1}, Since: 5, Uplink: 1 << 40, Via: [8]byte{1}, Misses: [][8]byte{{2}}, Carriers: [][8]byte{{3}}})
	if err != nil {
		f.Fatal(err)
	}
	if w, err := decodeWay(good); err != nil || w.Uplink != maxUplink {
		f.Fatalf("%+v, %v", w, err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := decodeWay(data)
		if err == nil && (w.Since == 0 || len(w.Misses) > maxMisses || len(w.Carriers) > maxCarriers || w.Uplink > maxUplink) {
			t.Errorf("%+v is taken", w)
		}
	})
}
