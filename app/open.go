package app

import (
	"context"
	"errors"
	"fmt"

	"parvis/app/api"
	"parvis/app/block"
	"parvis/app/store"
	"parvis/app/store/keyslots"
	"parvis/app/workspace"
	"parvis/crdt/file"
	"parvis/crdt/member"
	"parvis/crdt/seal"
	"parvis/p2p"
)

type peerID = p2p.PeerID

// open opens the store with its key, then the workspaces, then the network.
func (a *App) open(ctx context.Context, key seal.Key) error {
	life, end := context.WithCancel(ctx)
	if err := a.openParts(life, key); err != nil {
		end()
		return errors.Join(err, a.closeParts())
	}
	a.device.readGuard(life)
	a.mu.Lock()
	a.life, a.end = life, end
	a.mu.Unlock()
	a.background.Go(func() { a.device.watch(life) })
	a.background.Go(func() { a.watchQueues(life) })
	a.background.Go(func() { a.scrub(life) })
	a.background.Go(func() { a.carry.run(life) })
	return nil
}

func (a *App) openParts(ctx context.Context, key seal.Key) error {
	if err := a.db.Open(ctx, key); err != nil {
		return err
	}
	if err := a.manager.Open(ctx); err != nil {
		return err
	}
	clearSpools(a.config)
	if err := a.people.Start(ctx); err != nil {
		return err
	}
	if err := a.chat.Start(ctx); err != nil {
		return err
	}
	if err := a.docs.Start(ctx); err != nil {
		return err
	}
	if err := a.calls.Start(ctx); err != nil {
		return err
	}
	if err := a.self.Start(ctx); err != nil {
		return err
	}
	a.carry.listen(ctx)
	if err := a.files.keeper.Start(ctx); err != nil {
		return err
	}
	n, err := startNetwork(ctx, a.networkConfig(ctx), a.manager)
	if err != nil {
		return err
	}
	n.node.OnPath(func(peerID, string) { a.device.publish() })
	n.node.OnSuperPeers(a.device.publish) // one that has left is no device of anybody: nothing else tells
	a.mu.Lock()
	a.network = n
	a.mu.Unlock()
	a.files.join(ctx, n.node)
	a.takeSignals(n)
	told, err := superPeerAddrs(a.config.SuperPeers)
	if err != nil {
		return err
	}
	a.manager.Learn(ctx, told)
	return a.manager.Start(ctx)
}

// networkConfig is the configuration with what was chosen in the settings.
func (a *App) networkConfig(ctx context.Context) Config {
	config := a.config
	if chosen, err := a.db.Settings().Value(ctx, "isolated"); err != nil || chosen != "" {
		config.Isolated = true // and when it cannot be read, nothing leaves either
	}
	return config
}

// closeParts closes what is open, the newest first, and waits.
func (a *App) closeParts() error {
	a.calls.Close()
	a.self.Close()
	failed := []error{a.manager.Close()}
	a.files.leave()
	if n := a.connected(); n != nil {
		failed = append(failed, n.Close())
	}
	failed = append(failed, a.files.Close())
	a.docs.Close()
	a.chat.Close()
	a.people.Close()
	return errors.Join(append(failed, a.db.Close())...)
}

// connected is the network once it runs.
func (a *App) connected() *network {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.network
}

// Peer is this device's peer id, once the node is open.
func (a *App) Peer() string {
	if n := a.connected(); n != nil {
		return string(n.node.ID())
	}
	return ""
}

// Addrs are the addresses where peers reach this node.
func (a *App) Addrs() []string {
	if n := a.connected(); n != nil {
		return n.node.Addrs()
	}
	return nil
}

// ErrPassphrase reports that the keys do not open with the passphrase that was given.
var ErrPassphrase = keyslots.ErrWrong

// meanings name the errors of the parts that the api does not import.
func meanings() []api.Meaning {
	return append(pastedMeanings(), []api.Meaning{
		{Of: store.ErrDiskFull, Code: api.CodeDiskFull, Message: "The disk is full: nothing more can be saved. Free some space and try again; what was saved stays saved."},
		{Of: errNothingAsked, Code: api.CodeInvalid, Message: "Parvis asks for no passphrase, so locking it would protect nothing. Choose a passphrase in the settings first."},
		{Of: errInCall, Code: api.CodeInvalid, Message: "A call goes on. Leave it before you lock Parvis."},
		{Of: errNoKeyring, Code: api.CodeInvalid, Message: "This system has no keyring that keeps keys. Nothing was changed."},
		{Of: errTooShort, Code: api.CodeInvalid, Message: fmt.Sprintf("This passphrase is too short. Use at least %d characters.", MinPassphrase)},
		{Of: block.ErrMissing, Code: api.CodeOffline, Message: "Nobody who is online has this file. It comes as soon as somebody who has it is online."},
		{Of: block.ErrQuota, Code: api.CodeDiskFull, Message: "The room for files on this device is used up. Free some of it and try again."},
		{Of: block.ErrName, Code: api.CodeInvalid, Message: "A file cannot have this name. Give it a shorter one without slashes."},
		{Of: file.ErrTooLarge, Code: api.CodeInvalid, Message: "This file is too large. At most 64 GB can be sent."},
		{Of: file.ErrDamaged, Code: api.CodeInvalid, Message: "This file arrived broken: it was broken when it was sent. Ask the sender to send it again."},
		{Of: keyslots.ErrWrong, Code: api.CodeRefused, Message: "This passphrase is wrong. Try again."},
		{Of: keyslots.ErrLocked, Code: api.CodeLocked, Message: "Parvis is locked. Enter your passphrase to unlock it."},
		{Of: member.ErrLinkBroken, Code: api.CodeLinkBroken, Message: "This invitation link is damaged or incomplete. Copy the whole link again, or ask for a new one."},
		{Of: member.ErrLinkNewer, Code: api.CodeLinkNewer, Message: "This invitation was made by a newer version of Parvis. Update Parvis and open it again."},
		{Of: workspace.ErrLinkExpired, Code: api.CodeLinkExpired, Message: "This invitation has expired. Ask for a new one."},
		{Of: workspace.RefusalOf(workspace.RefusedExpired), Code: api.CodeLinkExpired, Message: "This invitation has expired. Ask for a new one."},
		{Of: workspace.RefusalOf(workspace.RefusedUsed), Code: api.CodeLinkUsed, Message: "This invitation was already used. Ask for a new one."},
		{Of: workspace.RefusalOf(workspace.RefusedRevoked), Code: api.CodeLinkRevoked, Message: "This invitation was withdrawn, its codes failed three times, or whoever made it may not invite any more. Ask for a new one."},
		{Of: workspace.RefusalOf(workspace.RefusedEnded), Code: api.CodeLinkUsed, Message: "This invitation was used, was withdrawn or has expired. Ask for a new one."},
		{Of: workspace.RefusalOf(workspace.RefusedUnknown), Code: api.CodeNotFound, Message: "Nobody there knows this invitation yet. It is tried again; ask the inviter to keep Parvis open."},
		{Of: workspace.RefusalOf(workspace.RefusedVersion), Code: api.CodeRefused, Message: "The people who could let you in have an older version of Parvis. Ask them to update it and open the invitation again."},
		{Of: workspace.RefusalOf(workspace.RefusedRules), Code: api.CodeRefused, Message: "You were not let in: the codes did not match, or the invitation is no longer valid. Talk to the person who invited you and open the invitation again."},
		{Of: workspace.ErrCodes, Code: api.CodeRefused, Message: "The codes could not be compared or did not match. Open the invitation again when you can talk to the person who sent it."},
		{Of: member.ErrDeviceLinkBroken, Code: api.CodeLinkBroken, Message: "This link is damaged or incomplete. Copy the whole link again from the other device."},
		{Of: member.ErrDeviceLinkNewer, Code: api.CodeLinkNewer, Message: "This link was made by a newer version of Parvis. Update Parvis on this device and open it again."},
		{Of: workspace.ErrLinking, Code: api.CodeInvalid, Message: "This device is being added by another link. Stop that first."},
		{Of: workspace.ErrLinkOver, Code: api.CodeInvalid, Message: "Adding the device was stopped. Make a new link to try again."},
		{Of: workspace.ErrNothingToLink, Code: api.CodeInvalid, Message: "There is no workspace on this device yet. Make one or join one first."},
		{Of: workspace.ErrThisDevice, Code: api.CodeInvalid, Message: "That is this device. Do it on another one of your devices."},
		{Of: workspace.ErrGone, Code: api.CodeInvalid, Message: "This device is removed already. It cannot connect any more."},
		{Of: workspace.ErrGuestNowhere, Code: api.CodeInvalid, Message: "A guest reads only the private spaces that it is invited to. Name one that you made."},
		{Of: workspace.ErrMemberSpaces, Code: api.CodeInvalid, Message: "Members are invited to the whole workspace, guests to single spaces. Leave the spaces out, or invite a guest."},
		{Of: workspace.ErrNoQuorum, Code: api.CodeRefused, Message: "Only the trustees of the workspace can do this, and you are none of them."},
		{Of: workspace.ErrNoOffice, Code: api.CodeInvalid, Message: "This person is neither an owner nor an admin: there is nothing to take."},
		{Of: workspace.ErrConsent, Code: api.CodeConsent, Message: "One of the texts is no consent of a trustee to this: it names another person or successor, is older than the rules of now, or is incomplete. Ask the trustee for it again."},
		{Of: workspace.ErrSuccessor, Code: api.CodeInvalid, Message: "Somebody must take the place of the last owner: name a member or admin who is to be the owner, not somebody who is one already."},
		{Of: workspace.ErrTooFew, Code: api.CodeRefused, Message: "More trustees have to consent. Each of them makes a text with “parvis people consent” or in the window."},
		{Of: workspace.ErrCodesOnly, Code: api.CodeRefused, Message: "This workspace lets nobody in before codes were compared. Make the invitation with codes first."},
		{Of: workspace.ErrPersonGone, Code: api.CodeInvalid, Message: "This person is no longer in the workspace."},
		{Of: workspace.ErrYourself, Code: api.CodeInvalid, Message: "You cannot do this to yourself. To go, leave the workspace."},
		{Of: workspace.ErrOutranked, Code: api.CodeRefused, Message: "This person’s role is not below yours. An owner who stands above both of you can do it; nobody stands above the first owner, whom only trustees depose."},
		{Of: workspace.ErrHandOver, Code: api.CodeRefused, Message: "You are the first owner: hand the workspace over to somebody before you leave it."},
		{Of: workspace.ErrStillIn, Code: api.CodeInvalid, Message: "This device is still in this workspace. Leave it first; then it can be removed from this computer."},
		{Of: workspace.ErrNotTop, Code: api.CodeRefused, Message: "Only the first owner of the workspace may do this. Ask that person."},
		{Of: workspace.ErrNotSuspended, Code: api.CodeInvalid, Message: "This person waits for no confirmation. Reload the list."},
		{Of: workspace.ErrCastOut, Code: api.CodeRefused, Message: "This device left this workspace, or was removed from it, and cannot come back into it. To join again on this computer, start Parvis with a new data folder (--data): you are a new person there."},
		{Of: workspace.ErrJoined, Code: api.CodeInvalid, Message: "This device is already in this workspace. It is in the list of workspaces."},
		{Of: workspace.ErrNotSpaceAdmin, Code: api.CodeRefused, Message: "Only the person who made this private space may change who is in it. Ask them."},
		{Of: workspace.ErrMainSpace, Code: api.CodeInvalid, Message: "All members are in the main space already, and guests cannot be let into it. Name a private space instead."},
		{Of: workspace.ErrGroupSpace, Code: api.CodeInvalid, Message: "A direct conversation keeps the people it was made with. Open a new one with everybody who is to be in it."},
		{Of: workspace.ErrRefused, Code: api.CodeRefused, Message: "The rules of this workspace do not allow this. Ask an owner or an admin."},
		{Of: workspace.ErrNoKey, Code: api.CodeOffline, Message: "The key of this space has not arrived yet. It comes as soon as another member is online."},
		{Of: workspace.ErrNotReady, Code: api.CodeOffline, Message: "This device has not finished joining. It goes on as soon as a member answers."},
		{Of: workspace.ErrNotFound, Code: api.CodeNotFound, Message: "That is not in this workspace. Reload the list and try again."},
	}...)
}
