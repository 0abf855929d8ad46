// The part of automerge-go's C interface (automerge.h, MIT, Conrad Irwin) that this
// package calls. The code comes with github.com/automerge/automerge-go.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct AMactorId AMactorId;
typedef struct AMchange AMchange;
typedef struct AMdoc AMdoc;
typedef struct AMitem AMitem;
typedef struct AMobjId AMobjId;
typedef struct AMresult AMresult;
typedef struct AMbyteSpan { const uint8_t *src; size_t count; } AMbyteSpan;
typedef struct AMitems { uint8_t detail[8 + 8 + 8]; } AMitems;

enum { AM_OBJ_LIST = 1, AM_OBJ_MAP, AM_OBJ_TEXT };
enum { AM_EXPAND_NONE = 1, AM_EXPAND_BEFORE, AM_EXPAND_AFTER, AM_EXPAND_BOTH };
enum {
  AM_VOID = 1 << 0, AM_BOOL = 1 << 2, AM_BYTES = 1 << 3, AM_COUNTER = 1 << 6, AM_F64 = 1 << 8, AM_INT = 1 << 9,
  AM_NULL = 1 << 11, AM_OBJ = 1 << 12, AM_STR = 1 << 13, AM_TIME = 1 << 17, AM_UINT = 1 << 18,
};

uint8_t AMresultStatus(const AMresult *);
AMbyteSpan AMresultError(const AMresult *);
void AMresultFree(AMresult *);
AMitems AMresultItems(AMresult *);
AMresult *AMresultCat(const AMresult *, const AMresult *);
AMitem *AMitemsNext(AMitems *, ptrdiff_t);

uint32_t AMitemValType(const AMitem *);
const AMobjId *AMitemObjId(const AMitem *);
bool AMitemToBool(const AMitem *, bool *);
bool AMitemToBytes(const AMitem *, AMbyteSpan *);
bool AMitemToChange(AMitem *, AMchange **);
bool AMitemToChangeHash(const AMitem *, AMbyteSpan *);
bool AMitemToCounter(const AMitem *, int64_t *);
bool AMitemToDoc(AMitem *, AMdoc **);
bool AMitemToF64(const AMitem *, double *);
bool AMitemToInt(const AMitem *, int64_t *);
bool AMitemToStr(const AMitem *, AMbyteSpan *);
bool AMitemToTimestamp(const AMitem *, int64_t *);
bool AMitemToUint(const AMitem *, uint64_t *);
bool AMitemToActorId(const AMitem *, const AMactorId **);
AMresult *AMitemFromChangeHash(AMbyteSpan);
AMresult *AMitemFromBool(bool);
AMresult *AMitemFromBytes(const uint8_t *, size_t);
AMresult *AMitemFromCounter(int64_t);
AMresult *AMitemFromF64(double);
AMresult *AMitemFromInt(int64_t);
AMresult *AMitemFromUint(uint64_t);
AMresult *AMitemFromTimestamp(int64_t);
AMresult *AMitemFromStr(AMbyteSpan);

AMresult *AMactorIdFromBytes(const uint8_t *, size_t);
AMbyteSpan AMactorIdBytes(const AMactorId *);
const AMactorId *AMobjIdActorId(const AMobjId *);
uint8_t AMobjObjType(const AMdoc *, const AMobjId *);

AMresult *AMcreate(const AMactorId *);
AMresult *AMload(const uint8_t *, size_t);
AMresult *AMsave(AMdoc *);
AMresult *AMfork(AMdoc *, const AMitems *);
AMresult *AMsetActorId(AMdoc *, const AMactorId *);
AMresult *AMcommit(AMdoc *, AMbyteSpan, const int64_t *);
size_t AMrollback(AMdoc *);
AMresult *AMgetHeads(AMdoc *);
AMresult *AMgetChanges(AMdoc *, const AMitems *);
AMresult *AMgetChangeByHash(AMdoc *, const uint8_t *, size_t);
AMresult *AMgetLastLocalChange(AMdoc *);
AMresult *AMgetMissingDeps(AMdoc *, const AMitems *);
AMresult *AMapplyChanges(AMdoc *, const AMitems *);
AMresult *AMchangeFromBytes(const uint8_t *, size_t);
AMbyteSpan AMchangeRawBytes(const AMchange *);

AMresult *AMkeys(const AMdoc *, const AMobjId *, const AMitems *);
AMresult *AMobjItems(const AMdoc *, const AMobjId *, const AMitems *);
AMresult *AMmapGet(const AMdoc *, const AMobjId *, AMbyteSpan, const AMitems *);
AMresult *AMmapDelete(AMdoc *, const AMobjId *, AMbyteSpan);
AMresult *AMmapPutBool(AMdoc *, const AMobjId *, AMbyteSpan, bool);
AMresult *AMmapPutBytes(AMdoc *, const AMobjId *, AMbyteSpan, AMbyteSpan);
AMresult *AMmapPutCounter(AMdoc *, const AMobjId *, AMbyteSpan, int64_t);
AMresult *AMmapPutF64(AMdoc *, const AMobjId *, AMbyteSpan, double);
AMresult *AMmapPutInt(AMdoc *, const AMobjId *, AMbyteSpan, int64_t);
AMresult *AMmapPutNull(AMdoc *, const AMobjId *, AMbyteSpan);
AMresult *AMmapPutObject(AMdoc *, const AMobjId *, AMbyteSpan, uint8_t);
AMresult *AMmapPutStr(AMdoc *, const AMobjId *, AMbyteSpan, AMbyteSpan);
AMresult *AMmapPutTimestamp(AMdoc *, const AMobjId *, AMbyteSpan, int64_t);
AMresult *AMmapPutUint(AMdoc *, const AMobjId *, AMbyteSpan, uint64_t);
AMresult *AMlistGet(const AMdoc *, const AMobjId *, size_t, const AMitems *);
AMresult *AMlistPutStr(AMdoc *, const AMobjId *, size_t, bool, AMbyteSpan);
AMresult *AMlistPutObject(AMdoc *, const AMobjId *, size_t, bool, uint8_t);
AMresult *AMspliceText(AMdoc *, const AMobjId *, size_t, ptrdiff_t, AMbyteSpan);

AMresult *AMmarkCreate(AMdoc *, const AMobjId *, size_t, size_t, uint8_t, AMbyteSpan, const AMitem *);
AMresult *AMmarkClear(AMdoc *, const AMobjId *, size_t, size_t, uint8_t, AMbyteSpan);
