//! Walks Python values straight into an event's line: no tree in between, and nothing raises.
//!
//! - Exact types of JSON first, by one comparison each; the order is that of how often they occur in events.
//! - What JSON has no word for becomes its `str()`, and null if it has none. So do cycles and what is nested too deep.
//! - The walk ends when more is written than an event may hold, so that a huge value costs no more than a large event.
//! - Values are looked at while other threads may change them: a container that changes is written as far as it was seen.

mod other;

pub use other::str_of;

use crate::{calls, text};
use other::Kind;
use overt::{Error, ErrorKind, MAX_DEPTH, Properties, Writer};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// One walk.
pub struct Walk<'py> {
    py: Python<'py>,
    /// How many bytes may still be written.
    left: usize,
    over: bool,
    /// The addresses of the containers that we are inside of: those of the properties, and the event around them.
    inside: [usize; MAX_DEPTH + 1],
    /// How many containers we may be inside of.
    deepest: usize,
}

impl<'py> Walk<'py> {
    pub fn new(py: Python<'py>, max_bytes: usize) -> Self {
        Self { py, left: max_bytes, over: false, inside: [0; MAX_DEPTH + 1], deepest: MAX_DEPTH }
    }

    /// A walk over a whole event: its properties may be as deep as ever.
    pub fn over_event(py: Python<'py>, max_bytes: usize) -> Self {
        Self { deepest: MAX_DEPTH + 1, ..Self::new(py, max_bytes) }
    }

    /// How the walk ended. An error means that what was written is not whole.
    pub fn end(&self) -> Result<(), Error> {
        match self.over {
            true => Err(Error::new(ErrorKind::EventTooLarge, "the properties are larger than max_event_bytes")),
            false => Ok(()),
        }
    }

    /// Writes the members of a mapping as properties.
    pub fn properties(&mut self, properties: &mut Properties<'_>, given: &Bound<'py, PyAny>) -> Result<(), Error> {
        let members = Kind::of(self, given);
        self.enter(given, 0);
        let walked = self.members(&members, |walk, key, value| properties.set(key, |w| walk.value(w, value, 1)));
        match walked {
            true => self.end(),
            false => Err(Error::new(ErrorKind::InvalidProperties, "properties: not a mapping")),
        }
    }

    /// Writes one value. `depth`: inside how many containers it is.
    pub fn value(&mut self, w: &mut Writer<'_>, value: &Bound<'py, PyAny>, depth: usize) {
        if self.over {
            return;
        }
        if let Ok(string) = value.cast_exact::<PyString>() {
            self.string(w, string);
        } else if let Ok(int) = value.cast_exact::<PyInt>() {
            self.int(w, int);
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            self.spend(8);
            w.double(float.value());
        } else if let Ok(bool) = value.cast_exact::<PyBool>() {
            self.spend(5);
            w.bool(bool.is_true());
        } else if value.is_none() {
            self.spend(5);
            w.null();
        } else if let Ok(dict) = value.cast_exact::<PyDict>() {
            self.object(w, value, depth, &Kind::Dict(dict.clone()));
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            self.array(w, value, depth, list.iter().map(Ok));
        } else if let Ok(tuple) = value.cast_exact::<PyTuple>() {
            self.array(w, value, depth, tuple.iter().map(Ok));
        } else {
            self.other(w, value, depth);
        }
    }

    fn string(&mut self, w: &mut Writer<'_>, string: &Bound<'py, PyString>) {
        match text::of(string) {
            Ok(text) => {
                self.spend(text.len() + 3);
                if !self.over {
                    w.str(&text);
                }
            }
            Err(error) => self.absorb(w, error),
        }
    }

    fn int(&mut self, w: &mut Writer<'_>, int: &Bound<'py, PyInt>) {
        self.spend(2);
        if let Ok(small) = int.extract::<i64>() {
            return w.int(small);
        }
        // `int`'s own digits, whatever a subclass makes of them. Python refuses to write thousands of them.
        let class = self.py.get_type::<PyInt>();
        let digits = calls::python_code(|| class.call_method1(intern!(self.py, "__repr__"), (int,)));
        match digits.and_then(|digits| Ok(digits.cast_into::<PyString>()?)) {
            Ok(digits) => {
                let digits = digits.to_string_lossy();
                self.spend(digits.len() + 2);
                w.big_int(&digits);
            }
            Err(error) => self.absorb(w, error),
        }
    }

    /// Writes an object of a mapping's members.
    fn object(&mut self, w: &mut Writer<'_>, value: &Bound<'py, PyAny>, depth: usize, members: &Kind<'py>) {
        if !self.enter(value, depth) {
            return w.null();
        }
        self.spend(3);
        w.begin_object();
        self.members(members, |walk, key, value| {
            w.key(key);
            walk.value(w, value, depth + 1);
        });
        w.end_object();
    }

    /// Writes an array of what an iterator gives; it ends where the iterator fails.
    fn array(
        &mut self,
        w: &mut Writer<'_>,
        value: &Bound<'py, PyAny>,
        depth: usize,
        items: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
    ) {
        if !self.enter(value, depth) {
            return w.null();
        }
        self.spend(3);
        w.begin_array();
        for item in items {
            match item {
                Ok(item) => self.value(w, &item, depth + 1),
                Err(error) => {
                    self.over |= calls::absorb(self.py, error);
                    break;
                }
            }
            if self.over {
                break;
            }
        }
        w.end_array();
    }

    /// Notes that we are inside a container; false if that is too deep, or if we are inside it already.
    fn enter(&mut self, container: &Bound<'py, PyAny>, depth: usize) -> bool {
        let address = container.as_ptr() as usize;
        let outer = self.inside.get(..depth).is_some_and(|outer| !outer.contains(&address));
        match self.inside.get_mut(depth) {
            Some(place) if outer && depth < self.deepest => {
                *place = address;
                true
            }
            _ => {
                self.spend(5);
                false
            }
        }
    }

    fn spend(&mut self, bytes: usize) {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => self.over = true,
        }
    }

    /// Null for a value that raised.
    fn absorb(&mut self, w: &mut Writer<'_>, error: PyErr) {
        self.spend(5);
        self.over |= calls::absorb(self.py, error);
        w.null();
    }
}
