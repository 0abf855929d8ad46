export namespace api {
	
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
	}
	export interface ChannelName {
	    workspace: string;
	    channel: string;
	    name: string;
	}
	export interface Comparison {
	    id: string;
	    workspace: string;
	    invite: string;
	    role: string;
	    expires: number;
	    begun: number;
	    inviter: boolean;
	    code: string;
	    state: string;
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
	    network: string;
	    disk: string;
	    problems: string[];
	    workspaces: Workspace[];
	    peers: Peer[];
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
	}
	export interface EventMap {
	    workspace?: Workspace;
	    person?: Person;
	    "chat.channel"?: Channel;
	    "chat.message"?: Message;
	    "chat.custody"?: Custody;
	    "chat.typing"?: Typing;
	    invites?: Notice;
	    status?: Status;
	    codes?: Comparison;
	    link?: OpenedLink;
	    reload?: Notice;
	    "doc.changed"?: Doc;
	    "doc.changes"?: DocArrival;
	    "doc.cursor"?: DocPresence;
	    "doc.mention"?: DocMentioned;
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
	export interface NewSpace {
	    workspace: string;
	    name: string;
	    people: string[];
	    history: string;
	}
	
	
	
	
	export interface Preferences {
	    language: string;
	    theme: string;
	}
	
	export interface ReadMark {
	    workspace: string;
	    channel: string;
	    message: string;
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
	}
	
	

}

