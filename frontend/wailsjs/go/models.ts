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

