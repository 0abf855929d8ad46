import type * as AuditMethods from "../../wailsjs/go/api/Audit"
import type * as CallsMethods from "../../wailsjs/go/api/Calls"
import type * as ChatMethods from "../../wailsjs/go/api/Chat"
import type * as DevicesMethods from "../../wailsjs/go/api/Devices"
import type * as DocsMethods from "../../wailsjs/go/api/Docs"
import type * as MembersMethods from "../../wailsjs/go/api/Members"
import type * as PeopleMethods from "../../wailsjs/go/api/People"
import type * as RecoveriesMethods from "../../wailsjs/go/api/Recoveries"
import type * as SettingsMethods from "../../wailsjs/go/api/Settings"
import type * as SuperPeersMethods from "../../wailsjs/go/api/SuperPeers"
import type * as WorkspacesMethods from "../../wailsjs/go/api/Workspaces"
import { service, type Transport } from "./transport"

export type AuditService = typeof AuditMethods
export type CallsService = typeof CallsMethods
export type ChatService = typeof ChatMethods
export type DevicesService = typeof DevicesMethods
export type DocsService = typeof DocsMethods
export type MembersService = typeof MembersMethods
export type PeopleService = typeof PeopleMethods
export type RecoveriesService = typeof RecoveriesMethods
export type SettingsService = typeof SettingsMethods
export type SuperPeersService = typeof SuperPeersMethods
export type WorkspacesService = typeof WorkspacesMethods

export const auditService = (t: Transport) => service<AuditService>(t, "Audit")
export const callsService = (t: Transport) => service<CallsService>(t, "Calls")
export const chatService = (t: Transport) => service<ChatService>(t, "Chat")
export const devicesService = (t: Transport) => service<DevicesService>(t, "Devices")
export const docsService = (t: Transport) => service<DocsService>(t, "Docs")
export const membersService = (t: Transport) => service<MembersService>(t, "Members")
export const peopleService = (t: Transport) => service<PeopleService>(t, "People")
export const recoveriesService = (t: Transport) => service<RecoveriesService>(t, "Recoveries")
export const settingsService = (t: Transport) => service<SettingsService>(t, "Settings")
export const superPeersService = (t: Transport) => service<SuperPeersService>(t, "SuperPeers")
export const workspacesService = (t: Transport) => service<WorkspacesService>(t, "Workspaces")

/** Go sends an empty list as null. */
export const list = <T>(items: T[] | null | undefined): T[] => items ?? []
