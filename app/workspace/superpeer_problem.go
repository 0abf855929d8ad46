package workspace

import "fmt"

// SuperPeerProblem says what is wrong with a super-peer, for programs; empty: nothing.
type SuperPeerProblem string

// What can be wrong with a super-peer.
const (
	ProblemDamaged    SuperPeerProblem = "damaged"     // it gives damaged objects
	ProblemForgetful  SuperPeerProblem = "forgetful"   // it had other stores too often and is left alone
	ProblemStranger   SuperPeerProblem = "stranger"    // it has not known this device for a while
	ProblemFull       SuperPeerProblem = "full"        // it has no room left for anybody
	ProblemQuota      SuperPeerProblem = "quota"       // this device has used up its share
	ProblemQuotaToday SuperPeerProblem = "quota-today" // the same, of what is uploaded for others
	ProblemNearlyFull SuperPeerProblem = "nearly-full" // this device has nearly used up its share
)

// Sentence says a problem of the super-peer of a name, and what to do, in a sentence
// for people; empty: there is none.
func (p SuperPeerProblem) Sentence(name string) string {
	var sentence string
	switch p {
	case ProblemDamaged:
		sentence = "The super-peer %s gives damaged objects. What it should give comes from colleagues; ask whoever runs it to check its disk."
	case ProblemForgetful:
		sentence = "The super-peer %s lost what it kept several times in a day and is not used for some hours. Ask whoever runs it to check its disk."
	case ProblemStranger:
		sentence = "The super-peer %s does not know this device. Ask an owner to add it again with its set-up code."
	case ProblemFull:
		sentence = "The super-peer %s is full and takes nothing new. Ask whoever runs it to give it more room, or add another super-peer."
	case ProblemQuota:
		sentence = "This device has used up its share of the super-peer %s, which takes nothing new from it. Ask whoever runs it to give it more room, or add another super-peer."
	case ProblemQuotaToday:
		sentence = "This device has used up its share of the super-peer %s for today: what colleagues wrote is no longer uploaded for them. Ask whoever runs it to give it more room."
	case ProblemNearlyFull:
		sentence = "This device has nearly used up its share of the super-peer %s, which then takes nothing more from it. Ask whoever runs it to give it more room, or add another super-peer."
	default:
		return ""
	}
	return fmt.Sprintf(sentence, name)
}

// nearlyFull is the part of its share that a device may use up before it is told.
const nearlyFull = 0.9

// worst is what is told of a super-peer: that there is little room left, only where
// nothing else is wrong.
func (v contactView) worst() SuperPeerProblem {
	if v.problem == "" && v.limit > 0 && float64(v.used) >= nearlyFull*float64(v.limit) {
		return ProblemNearlyFull
	}
	return v.problem
}
