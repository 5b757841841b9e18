//! SQLite's own copying of one database over another, in one transaction: its interface is C, and this is all that is used of it.

use std::ffi::{CStr, CString, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::time::Duration;

use libsqlite3_sys as sqlite;

use crate::fault::Fault;

/// Copies all of `from` over all of `to`, which is made where there is none. Waits for those who use `to` as long as `wait`.
pub(super) fn copy(from: &Path, to: &Path, wait: Duration) -> Result<(), Fault> {
    let from = Handle::open(from, sqlite::SQLITE_OPEN_READONLY)?;
    let to = Handle::open(to, sqlite::SQLITE_OPEN_READWRITE | sqlite::SQLITE_OPEN_CREATE)?;
    let wait = c_int::try_from(wait.as_millis()).unwrap_or(c_int::MAX);
    // SAFETY: both handles are open until the end of this function, and the copying is finished before; the names are static.
    let code = unsafe {
        sqlite::sqlite3_busy_timeout(to.0, wait);
        let copying = sqlite::sqlite3_backup_init(to.0, c"main".as_ptr(), from.0, c"main".as_ptr());
        if copying.is_null() {
            return Err(to.fault(sqlite::sqlite3_extended_errcode(to.0)));
        }
        let stepped = sqlite::sqlite3_backup_step(copying, -1);
        let finished = sqlite::sqlite3_backup_finish(copying);
        if stepped == sqlite::SQLITE_DONE { finished } else { stepped }
    };
    if code == sqlite::SQLITE_OK { Ok(()) } else { Err(to.fault(code)) }
}

/// An open database.
struct Handle(*mut sqlite::sqlite3);

impl Handle {
    fn open(path: &Path, flags: c_int) -> Result<Self, Fault> {
        let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Fault::UrlInvalid)?;
        let mut handle = Self(ptr::null_mut());
        // SAFETY: the name ends with a zero byte and lives longer than the call, which also gives a handle when it fails.
        let code = unsafe { sqlite::sqlite3_open_v2(path.as_ptr(), &mut handle.0, flags, ptr::null()) };
        if code == sqlite::SQLITE_OK { Ok(handle) } else { Err(handle.fault(code)) }
    }

    fn fault(&self, code: c_int) -> Fault {
        // SAFETY: SQLite gives a static text for every number.
        let said = unsafe { CStr::from_ptr(sqlite::sqlite3_errstr(code)) }.to_string_lossy().into_owned();
        crate::judge::sqlite(code.unsigned_abs()).unwrap_or(Fault::Other)(said)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: nobody else has it, and closing nothing does nothing.
        unsafe { sqlite::sqlite3_close(self.0) };
    }
}
