import type { api } from "../../wailsjs/go/models"

/**
 * The data of a generated type without its methods. The generator writes classes or
 * interfaces, depending on a setting; the page only ever handles plain data.
 */
export type Plain<T> = T extends (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: Plain<T[K]> }
    : T

export type Workspace = Plain<api.Workspace>
export type Comparison = Plain<api.Comparison>
export type LinkInfo = Plain<api.LinkInfo>
export type NewInvite = Plain<api.NewInvite>
export type Invite = Plain<api.Invite>
export type Space = Plain<api.Space>
export type NewSpace = Plain<api.NewSpace>
export type Matter = Plain<api.Matter>
export type Rules = Plain<api.Rules>
export type Deposition = Plain<api.Deposition>
export type Person = Plain<api.Person>
export type Channel = Plain<api.Channel>
export type Message = Plain<api.Message>
export type MessagePage = Plain<api.MessagePage>
export type Reaction = Plain<api.Reaction>
export type Custody = Plain<api.Custody>
export type TypingHint = Plain<api.Typing>
export type Doc = Plain<api.Doc>
export type DocActor = Plain<api.DocActor>
export type DocArrival = Plain<api.DocArrival>
export type DocChange = Plain<api.DocChange>
export type DocLoss = Plain<api.DocLoss>
export type DocMentioned = Plain<api.DocMentioned>
export type DocPresence = Plain<api.DocPresence>
export type DocSession = Plain<api.DocSession>
export type DocExported = Plain<api.DocExported>
/** A new document made of a file, as /content/import answers. */
export type DocImported = { doc: Doc; report: DocLoss[] | null }
/** A picture that was stored, as /content/file answers. */
export type DocFile = { file: string; size: number; mime: string }
export type Call = Plain<api.Call>
export type CallLost = Plain<api.CallLost>
export type CallParticipant = Plain<api.CallParticipant>
export type CallKnock = Plain<api.CallKnock>
export type CallLink = Plain<api.CallLink>
export type CallState = Plain<api.CallState>
export type CallFault = Plain<api.CallFault>
export type CallStat = Plain<api.CallStat>
export type CallStats = Plain<api.CallStats>
export type Device = Plain<api.Device>
export type DeviceLink = Plain<api.DeviceLink>
export type AuditLine = Plain<api.AuditLine>
export type AuditFork = Plain<api.AuditFork>
export type AuditGiven = Plain<api.AuditGiven>
export type AuditPerson = Plain<api.AuditPerson>
export type AuditPage = Plain<api.AuditPage>
export type SuperPeer = Plain<api.SuperPeer>
export type Check = Plain<api.Check>
export type Diagnosis = Plain<api.Diagnosis>
export type NetworkSettings = Plain<api.NetworkSettings>
export type Waiting = Plain<api.Waiting>
export type Protection = Plain<api.Protection>
export type PaperKey = Plain<api.PaperKey>
export type Recovery = Plain<api.Recovery>
export type Peer = Plain<api.Peer>
export type Status = Plain<api.Status>
export type Preferences = Plain<api.Preferences>
export type EventMap = Plain<api.EventMap>
