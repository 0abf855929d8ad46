/* The bcryptprimitives.dll that Go's runtime wants on Windows and that Wine 8 lacks.
 * Its one function fills a buffer with random bytes; Wine has that under another
 * name, SystemFunction036 in advapi32. For tests under Wine only, never shipped. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
  const SIZE_T most = 0x10000000;
  while (length > 0) {
    ULONG part = (ULONG)(length < most ? length : most);
    if (!SystemFunction036(buffer, part)) return FALSE;
    buffer += part;
    length -= part;
  }
  return TRUE;
}
