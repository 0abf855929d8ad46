export namespace api {
	
	export interface AuditAbout {
	    device: string;
	    number: number;
	    role: string;
	    was: string;
	    space: string;
	    kind: string;
	    invite: string;
	    count: number;
	    history: string;
	    closed: string;
	    spaceName: string;
	}
	export interface AuditExported {
	    token: string;
	    name: string;
	    size: number;
	    entries: number;
	}
	export interface AuditFork {
	    person: string;
	    name: string;
	    device: string;
	    first: number;
	    second: number;
	}
	export interface AuditGiven {
	    person: string;
	    name: string;
	    access: string;
	}
	export interface AuditLine {
	    n: number;
	    entry: string;
	    clock: number;
	    by: string;
	    byName: string;
	    device: string;
	    number: number;
	    role: string;
	    what: string;
	    person: string;
	    name: string;
	    about: AuditAbout;
	    given: AuditGiven[];
	    added: string[];
	    removed: string[];
	    kept: boolean;
	    because: number;
	    restsOn: number;
	    fork: string;
	    text: string;
	    reason: string;
	    reasonBy: string;
	}
	export interface AuditPerson {
	    id: string;
	    name: string;
	    role: string;
	    status: string;
	}
	export interface AuditPage {
	    lines: AuditLine[];
	    more: boolean;
	    forks: AuditFork[];
	    people: AuditPerson[];
	    whole: boolean;
	}
	
	export interface AuditQuery {
	    workspace: string;
	    person: string;
	    before: number;
	    limit: number;
	    routine: boolean;
	}
	export interface BackupMade {
	    path: string;
	    bytes: number;
	    made: number;
	    workspaces: number;
	    entries: number;
	    envelopes: number;
	    blocks: number;
	    omitted: number;
	}
	export interface CallKnock {
	    guest: string;
	    name: string;
	    at: number;
	}
	export interface CallLost {
	    device: string;
	    person: string;
	    at: number;
	}
	export interface CallParticipant {
	    device: string;
	    person: string;
	    muted: boolean;
	    camera: boolean;
	    screen: boolean;
	    hand: boolean;
	    recording: boolean;
	    uplink: number;
	    self: boolean;
	    noPage: boolean;
	    asks: boolean;
	    answer: string;
	    consent: string;
	    guest: boolean;
	    name: string;
	}
	export interface Call {
	    workspace: string;
	    id: string;
	    channel: string;
	    direct: boolean;
	    by: string;
	    started: number;
	    ended: number;
	    people: string[];
	    participants: CallParticipant[];
	    lost: CallLost[];
	    declined: string[];
	    lobby: CallKnock[];
	    ringing: boolean;
	    missed: boolean;
	    here: boolean;
	    rejoin: boolean;
	    movedTo: string;
	}
	export interface CallAnswer {
	    device: string;
	    agrees: boolean;
	}
	export interface CallChannel {
	    workspace: string;
	    channel: string;
	}
	export interface CallFault {
	    kind: string;
	    from: string;
	    to: string;
	    whose: string;
	    amount: number;
	    incoming: boolean;
	}
	export interface CallGuest {
	    guest: string;
	}
	export interface CallGuestNews {
	    workspace: string;
	    id: string;
	    guest: string;
	    name: string;
	    what: string;
	}
	
	export interface CallLine {
	    kbpsOut: number;
	    estimate: number;
	    lossIn: number;
	    lossOut: number;
	    layerIn: string;
	    layerOut: string;
	}
	export interface CallLink {
	    id: string;
	    channel: string;
	    by: string;
	    made: number;
	    url: string;
	    revocable: boolean;
	}
	export interface CallLinkRef {
	    workspace: string;
	    channel: string;
	    id: string;
	}
	
	
	export interface CallQuery {
	    workspace: string;
	    channel: string;
	}
	export interface CallReaction {
	    workspace: string;
	    id: string;
	    device: string;
	    reaction: string;
	}
	export interface CallRecord {
	    asks: boolean;
	}
	export interface CallRef {
	    workspace: string;
	    id: string;
	}
	export interface CallRing {
	    workspace: string;
	    id: string;
	    channel: string;
	    by: string;
	    ringing: boolean;
	    stopped: string;
	}
	export interface CallStat {
	    name: string;
	    framesReceived: number;
	    framesBad: number;
	    audioPackets: number;
	    audioLost: number;
	    rttMs: number;
	    kbps: number;
	    path: string;
	    device: string;
	    person: string;
	    state: string;
	    line: CallLine;
	    fault: CallFault;
	}
	export interface CallState {
	    muted: boolean;
	    camera: boolean;
	    screen: boolean;
	    hand: boolean;
	    recording: boolean;
	}
	export interface CallStats {
	    workspace: string;
	    id: string;
	    participants: CallStat[];
	    forwarder: string;
	    bySuperPeer: boolean;
	}
	export interface Channel {
	    workspace: string;
	    id: string;
	    space: string;
	    name: string;
	    kind: string;
	    people: string[];
	    unread: number;
	    mentions: number;
	    readUpTo: string;
	    last: number;
	    draft: string;
	    missedCalls: number;
	}
	export interface ChannelName {
	    workspace: string;
	    channel: string;
	    name: string;
	}
	export interface Check {
	    name: string;
	    result: string;
	    detail: string;
	    remedy: string;
	    code: string;
	    values: string[];
	}
	export interface Waiting {
	    workspace: string;
	    name: string;
	    count: number;
	    people: string[];
	}
	export interface Closing {
	    waiting: Waiting[];
	}
	export interface Comparison {
	    id: string;
	    workspace: string;
	    invite: string;
	    device: boolean;
	    person: string;
	    role: string;
	    expires: number;
	    begun: number;
	    inviter: boolean;
	    code: string;
	    state: string;
	    end: string;
	    spent: boolean;
	}
	export interface CreateWorkspace {
	    name: string;
	    person: string;
	}
	export interface Custody {
	    workspace: string;
	    space: string;
	    device: string;
	    held: number;
	    delivered: number;
	    bySuperPeer: number;
	}
	export interface Deposition {
	    workspace: string;
	    person: string;
	    successor: string;
	    consents: string[];
	}
	export interface Device {
	    id: string;
	    person: string;
	    number: number;
	    name: string;
	    platform: string;
	    added: number;
	    lastSeen: number;
	    online: boolean;
	    self: boolean;
	    removed: boolean;
	    workspaces: string[];
	    older?: boolean;
	}
	export interface DeviceLink {
	    link: string;
	    new: boolean;
	    state: string;
	    expires: number;
	    device: string;
	    done: number;
	    total: number;
	    problem: string;
	    code: string;
	}
	export interface DeviceName {
	    device: string;
	    name: string;
	}
	export interface DeviceRemoval {
	    workspace: string;
	    device: string;
	}
	export interface Diagnosis {
	    checks: Check[];
	    text: string;
	}
	export interface Direct {
	    workspace: string;
	    people: string[];
	}
	export interface Doc {
	    workspace: string;
	    id: string;
	    space: string;
	    title: string;
	    folder: string;
	    starred: boolean;
	    trashed: boolean;
	    created: number;
	    changed: number;
	    author: string;
	    changedBy: string;
	    holders: number;
	    everywhere: boolean;
	    bySuperPeer: boolean;
	    unreadable: number;
	    mentions: number;
	}
	export interface DocActor {
	    actor: string;
	    person: string;
	    device: string;
	}
	export interface DocAppend {
	    workspace: string;
	    id: string;
	    text: string;
	}
	export interface DocArrival {
	    workspace: string;
	    id: string;
	    own: boolean;
	    session: number;
	    changes: string[];
	    actors: DocActor[];
	    reload: boolean;
	}
	export interface DocBad {
	    workspace: string;
	    id: string;
	    hashes: string[];
	    reason: string;
	}
	export interface DocChange {
	    hash: string;
	    actor: string;
	    person: string;
	    seq: number;
	    at: number;
	    deps: string[];
	    ops: number;
	}
	export interface DocChanges {
	    workspace: string;
	    id: string;
	    token: string;
	    changes: string[];
	}
	export interface DocCursor {
	    workspace: string;
	    id: string;
	    token: string;
	    anchor: string;
	    head: string;
	}
	export interface DocEdit {
	    workspace: string;
	    id: string;
	    at: number;
	    delete: number;
	    text: string;
	}
	export interface DocExport {
	    workspace: string;
	    id: string;
	    format: string;
	    lang: string;
	    comments: boolean;
	}
	export interface DocLoss {
	    what: string;
	    count: number;
	}
	export interface DocExported {
	    token: string;
	    name: string;
	    size: number;
	    report: DocLoss[];
	}
	export interface DocFolder {
	    workspace: string;
	    id: string;
	    folder: string;
	}
	export interface DocLease {
	    workspace: string;
	    id: string;
	    token: string;
	}
	
	export interface DocMention {
	    workspace: string;
	    id: string;
	    comment: string;
	    people: string[];
	    text: string;
	}
	export interface DocMentioned {
	    doc: Doc;
	    comment: string;
	    author: string;
	    text: string;
	    at: number;
	}
	export interface DocName {
	    workspace: string;
	    id: string;
	    title: string;
	}
	export interface DocPresence {
	    workspace: string;
	    id: string;
	    person: string;
	    device: string;
	    session: number;
	    anchor: string;
	    head: string;
	    gone: boolean;
	}
	export interface DocRef {
	    workspace: string;
	    id: string;
	}
	export interface DocResume {
	    workspace: string;
	    id: string;
	    token: string;
	    session: number;
	}
	export interface DocSession {
	    token: string;
	    session: number;
	    actor: string;
	    heads: string[];
	    readOnly: boolean;
	    actors: DocActor[];
	}
	export interface DocStar {
	    workspace: string;
	    id: string;
	    on: boolean;
	}
	export interface DocText {
	    text: string;
	    heads: string[];
	}
	export interface Draft {
	    workspace: string;
	    channel: string;
	    text: string;
	}
	export interface OpenedLink {
	    link: string;
	}
	export interface Recovery {
	    paper: string;
	    saved: number;
	    needed: boolean;
	    backup: number;
	    backupPath: string;
	    backupBytes: number;
	    suggested: string;
	    returning: string[];
	}
	export interface Peer {
	    peer: string;
	    person: string;
	    name: string;
	    path: string;
	    rttMs: number;
	}
	export interface Status {
	    peer: string;
	    addrs: string[];
	    version: string;
	    locked: boolean;
	    fresh: boolean;
	    protection: string;
	    recovers: boolean;
	    network: string;
	    disk: string;
	    isolated: string;
	    problems: string[];
	    workspaces: Workspace[];
	    peers: Peer[];
	    recovery?: Recovery;
	}
	export interface Notice {
	    workspace: string;
	}
	export interface Typing {
	    workspace: string;
	    channel: string;
	    person: string;
	}
	export interface Reaction {
	    emoji: string;
	    people: string[];
	}
	export interface Message {
	    workspace: string;
	    space: string;
	    channel: string;
	    id: string;
	    seq: number;
	    device: string;
	    order: string;
	    author: string;
	    authorName: string;
	    text: string;
	    sent: number;
	    edited: number;
	    deleted: boolean;
	    thread: string;
	    replies: number;
	    lastReply: number;
	    mentions: string[];
	    reactions: Reaction[];
	    state: string;
	    heldBy: number;
	    late: boolean;
	    bySuperPeer: boolean;
	    provisional: boolean;
	}
	export interface Person {
	    workspace: string;
	    id: string;
	    name: string;
	    role: string;
	    state: string;
	    online: boolean;
	    lastSeen: number;
	    devices: number;
	    invitedBy: string;
	    self: boolean;
	    admittedBy: string;
	    verifiedAt: number;
	    verifiedBy: string[];
	    first: boolean;
	    below: boolean;
	}
	export interface Removal {
	    how: string;
	    by: string;
	    at: number;
	}
	export interface Workspace {
	    id: string;
	    name: string;
	    self: string;
	    role: string;
	    state: string;
	    waiting: string;
	    main: string;
	    people: number;
	    online: number;
	    queued: number;
	    heldBySuperPeer: number;
	    superPeers: number;
	    superPeersUp: number;
	    behind: number;
	    removal?: Removal;
	    stopped: string;
	}
	export interface EventMap {
	    workspace?: Workspace;
	    person?: Person;
	    "chat.channel"?: Channel;
	    "chat.message"?: Message;
	    "chat.custody"?: Custody;
	    "chat.typing"?: Typing;
	    invites?: Notice;
	    members?: Notice;
	    superpeers?: Notice;
	    status?: Status;
	    codes?: Comparison;
	    devices?: Notice;
	    "device.link"?: DeviceLink;
	    link?: OpenedLink;
	    closing?: Closing;
	    reload?: Notice;
	    "doc.changed"?: Doc;
	    "doc.changes"?: DocArrival;
	    "doc.cursor"?: DocPresence;
	    "doc.mention"?: DocMentioned;
	    call?: Call;
	    "call.ring"?: CallRing;
	    "call.reaction"?: CallReaction;
	    "call.stats"?: CallStats;
	    "call.guest"?: CallGuestNews;
	    "call.links"?: CallChannel;
	}
	export interface Invite {
	    id: string;
	    link: string;
	    role: string;
	    uses: number;
	    used: number;
	    expires: number;
	    mode: string;
	    state: string;
	    by: string;
	}
	export interface JoinCall {
	    workspace: string;
	    id: string;
	    media: string;
	    muted: boolean;
	    camera: boolean;
	    allowRecording: boolean;
	}
	export interface JoinWorkspace {
	    link: string;
	    person: string;
	    waitMs: number;
	}
	export interface LinkInfo {
	    workspace: string;
	    expires: number;
	    mode: string;
	    joined: boolean;
	    out: boolean;
	}
	export interface Matter {
	    id: string;
	    kind: string;
	    act: string;
	    by: string;
	    person: string;
	    device: string;
	    number: number;
	    deviceName: string;
	    this: boolean;
	    role: string;
	    was: string;
	    at: number;
	    decide: boolean;
	}
	export interface MatterRef {
	    workspace: string;
	    id: string;
	}
	
	export interface MessageChange {
	    workspace: string;
	    channel: string;
	    id: string;
	    text: string;
	    remove: boolean;
	}
	export interface MessagePage {
	    messages: Message[];
	    more: boolean;
	}
	export interface MessageQuery {
	    workspace: string;
	    channel: string;
	    thread: string;
	    before: string;
	    around: string;
	    limit: number;
	}
	export interface NetworkSettings {
	    isolated: boolean;
	    isolatedNow: boolean;
	}
	export interface NewBackup {
	    path: string;
	    passphrase: string;
	}
	export interface NewCall {
	    workspace: string;
	    channel: string;
	    media: string;
	    muted: boolean;
	    camera: boolean;
	    allowRecording: boolean;
	}
	export interface NewChannel {
	    workspace: string;
	    space: string;
	    name: string;
	}
	export interface NewDoc {
	    workspace: string;
	    space: string;
	    title: string;
	    folder: string;
	}
	export interface NewInvite {
	    workspace: string;
	    role: string;
	    spaces: string[];
	    uses: number;
	    expiresMs: number;
	    codesFirst: boolean;
	}
	export interface NewMessage {
	    workspace: string;
	    channel: string;
	    text: string;
	    thread: string;
	    mentions: string[];
	}
	export interface NewPassphrase {
	    old: string;
	    new: string;
	}
	export interface NewReaction {
	    reaction: string;
	}
	export interface NewSpace {
	    workspace: string;
	    name: string;
	    people: string[];
	    history: string;
	    verifiedOnly: boolean;
	}
	export interface NewSpacePeople {
	    workspace: string;
	    space: string;
	    people: string[];
	    verifiedOnly: boolean;
	}
	export interface NewSuperPeer {
	    workspace: string;
	    code: string;
	}
	
	
	export interface PaperKey {
	    words: string[];
	    text: string;
	    ask: number[];
	}
	
	
	export interface PersonRef {
	    workspace: string;
	    person: string;
	}
	export interface PersonRemoval {
	    workspace: string;
	    person: string;
	    lost: boolean;
	}
	export interface PersonRole {
	    workspace: string;
	    person: string;
	    role: string;
	}
	export interface Preferences {
	    language: string;
	    theme: string;
	    dismissed: string;
	}
	export interface Protection {
	    kind: string;
	    autoLock: number;
	    from: string;
	    recovery: boolean;
	    disk: string;
	}
	
	export interface ReadMark {
	    workspace: string;
	    channel: string;
	    message: string;
	}
	
	
	export interface Restore {
	    path: string;
	    words: string;
	    passphrase: string;
	}
	export interface RestoredWorkspace {
	    id: string;
	    name: string;
	    state: string;
	    entries: number;
	    envelopes: number;
	    blocks: number;
	    refused: number;
	}
	export interface Restored {
	    made: number;
	    workspaces: RestoredWorkspace[];
	}
	
	export interface Return {
	    link: string;
	    words: string;
	    waitMs: number;
	}
	export interface ReturnLink {
	    link: string;
	    expires: number;
	}
	export interface Rules {
	    workspace: string;
	    quorum: number;
	    trustees: string[];
	    instant: boolean;
	    change: boolean;
	}
	export interface SentMessage {
	    id: string;
	    seq: number;
	}
	export interface Space {
	    id: string;
	    name: string;
	    kind: string;
	    history: string;
	    people: string[];
	    by: string;
	    closed: boolean;
	    verifiedOnly: boolean;
	}
	export interface SpaceClosing {
	    workspace: string;
	    space: string;
	    closed: boolean;
	}
	export interface SpacePeople {
	    workspace: string;
	    space: string;
	    people: string[];
	}
	
	export interface SuperPeer {
	    workspace: string;
	    id: string;
	    addrs: string[];
	    state: string;
	    used: number;
	    limit: number;
	    queued: number;
	    alone: number;
	    lastContact: number;
	    problem: string;
	    problemCode: string;
	}
	
	

}

