import type * as ChatMethods from "../../wailsjs/go/api/Chat"
import type * as DocsMethods from "../../wailsjs/go/api/Docs"
import type * as PeopleMethods from "../../wailsjs/go/api/People"
import type * as SettingsMethods from "../../wailsjs/go/api/Settings"
import type * as WorkspacesMethods from "../../wailsjs/go/api/Workspaces"
import { service, type Transport } from "./transport"

export type ChatService = typeof ChatMethods
export type DocsService = typeof DocsMethods
export type PeopleService = typeof PeopleMethods
export type SettingsService = typeof SettingsMethods
export type WorkspacesService = typeof WorkspacesMethods

export const chatService = (t: Transport) => service<ChatService>(t, "Chat")
export const docsService = (t: Transport) => service<DocsService>(t, "Docs")
export const peopleService = (t: Transport) => service<PeopleService>(t, "People")
export const settingsService = (t: Transport) => service<SettingsService>(t, "Settings")
export const workspacesService = (t: Transport) => service<WorkspacesService>(t, "Workspaces")

/** Go sends an empty list as null. */
export const list = <T>(items: T[] | null | undefined): T[] => items ?? []
