import { expect, test } from "vitest"
import { isSafeLink } from "./shell"

test.each(["https://example.org/a?b#c", "http://10.0.0.1:8080", "mailto:ana@example.org"])(
  "%s may be opened",
  (url) => expect(isSafeLink(url)).toBe(true),
)

test.each([
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "data:text/html,x",
  "file:///etc/passwd",
  "smb://server/share",
  "ms-msdt:/id",
  "vscode://file/x",
  "parvis://join#x",
  "//example.org",
  "example.org",
  "",
])("%s may not be opened", (url) => expect(isSafeLink(url)).toBe(false))
