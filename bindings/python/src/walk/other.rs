//! Everything that is not exactly one of JSON's own types: subclasses, other containers, and objects with a text.
//!
//! What a value can do is read off its type, never off the value: a class, or an object that makes up any attribute it
//! is asked for, is no mapping.

use super::Walk;
use crate::{calls, text};
use overt::Writer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyIterator, PyList, PyMapping, PyString, PyTuple, PyType,
};
use std::borrow::Cow;
use std::collections::HashSet;

/// What a value is to be written as.
pub enum Kind<'py> {
    /// An object of a dict's members.
    Dict(Bound<'py, PyDict>),
    /// An object of another mapping's members, given as a list of pairs.
    Pairs(Bound<'py, PyList>),
    /// An object of a dataclass's fields, given as a list of them, and the instance.
    Fields(Bound<'py, PyAny>, Bound<'py, PyTuple>),
    /// An array of what this gives.
    Items(Bound<'py, PyIterator>),
    /// Whatever this is instead.
    Instead(Bound<'py, PyAny>),
    /// Its text.
    Text,
}

/// Takes a member.
type Take<'a, 'py> = &'a mut dyn FnMut(&mut Walk<'py>, &str, &Bound<'py, PyAny>);

static ENUM: PyOnceLock<Py<PyType>> = PyOnceLock::new();

impl<'py> Kind<'py> {
    /// Looks at a value. What raises while it is looked at is a text.
    pub fn of(walk: &mut Walk<'py>, value: &Bound<'py, PyAny>) -> Self {
        if let Ok(dict) = value.cast::<PyDict>() {
            return Self::Dict(dict.clone());
        }
        if !calls::host_code_may_run() {
            return Self::Text;
        }
        Self::look(value).unwrap_or_else(|error| {
            walk.over |= calls::absorb(walk.py, error);
            Self::Text
        })
    }

    fn look(value: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = value.py();
        let class = value.get_type();
        let can = |name: &Bound<'py, PyString>| class.hasattr(name);
        if value.is_instance(ENUM.import(py, "enum", "Enum")?)? {
            return Ok(Self::Instead(value.getattr(intern!(py, "value"))?));
        }
        if can(intern!(py, "__dataclass_fields__"))? {
            let fields = py.import(intern!(py, "dataclasses"))?.call_method1(intern!(py, "fields"), (value,))?;
            return Ok(Self::Fields(value.clone(), fields.cast_into()?));
        }
        if can(intern!(py, "keys"))? && can(intern!(py, "__getitem__"))? {
            return pairs(value).map(Self::Pairs);
        }
        if can(intern!(py, "isoformat"))? {
            let naive = can(intern!(py, "astimezone"))? && value.getattr(intern!(py, "tzinfo"))?.is_none();
            // A time without a zone is local time, as it is for datetime itself; a server elsewhere must be told.
            let time = if naive { value.call_method0(intern!(py, "astimezone"))? } else { value.clone() };
            return time.call_method0(intern!(py, "isoformat")).map(Self::Instead);
        }
        // The numbers of numpy and its relatives, which are arrays without a dimension.
        if can(intern!(py, "item"))? && can(intern!(py, "ndim"))? && value.getattr(intern!(py, "ndim"))?.eq(0)? {
            return value.call_method0(intern!(py, "item")).map(Self::Instead);
        }
        // Not iterators: to look at one is to use it up. Not bytes: an array of numbers is nothing to read.
        let bytes = value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>();
        if !bytes && can(intern!(py, "__len__"))? && can(intern!(py, "__iter__"))? {
            return value.try_iter().map(Self::Items);
        }
        Ok(Self::Text)
    }
}

fn pairs<'py>(mapping: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    if let Ok(mapping) = mapping.cast::<PyMapping>() {
        return mapping.items();
    }
    let pairs = PyList::empty(mapping.py());
    for key in mapping.call_method0(intern!(mapping.py(), "keys"))?.try_iter()? {
        let key = key?;
        pairs.append((&key, mapping.get_item(&key)?))?;
    }
    Ok(pairs)
}

impl<'py> Walk<'py> {
    pub(super) fn other(&mut self, w: &mut Writer<'_>, value: &Bound<'py, PyAny>, depth: usize) {
        if let Ok(string) = value.cast::<PyString>() {
            return self.string(w, string);
        }
        if let Ok(int) = value.cast::<PyInt>() {
            return self.int(w, int);
        }
        if let Ok(float) = value.cast::<PyFloat>() {
            self.spend(8);
            return w.double(float.value());
        }
        if let Ok(list) = value.cast::<PyList>() {
            return self.array(w, value, depth, list.iter().map(Ok));
        }
        if let Ok(tuple) = value.cast::<PyTuple>() {
            return self.array(w, value, depth, tuple.iter().map(Ok));
        }
        match Kind::of(self, value) {
            Kind::Items(items) => self.array(w, value, depth, items),
            // An object that is itself instead of itself would be walked for ever.
            Kind::Instead(other) if self.enter(value, depth) => self.value(w, &other, depth + 1),
            Kind::Instead(_) => w.null(),
            Kind::Text => self.text(w, value),
            members => self.object(w, value, depth, &members),
        }
    }

    /// Gives the members of a mapping, each with its key's text; false if it is none.
    pub(super) fn members(
        &mut self,
        members: &Kind<'py>,
        mut take: impl FnMut(&mut Self, &str, &Bound<'py, PyAny>),
    ) -> bool {
        let Kind::Dict(dict) = members else { return self.other_members(members, &mut take) };
        let mut keys = HashSet::new();
        let mut items = dict.iter();
        // Looking at a value may run code that changes the dict, and iterating over a changed one panics.
        let length = dict.len();
        while !self.over && dict.len() == length {
            let Some((key, value)) = items.next() else { break };
            match key.cast_exact::<PyString>().map(|key| key.to_str()) {
                Ok(Ok(text)) => {
                    self.spend(text.len() + 4);
                    take(self, text, &value);
                }
                _ => self.keyed(&mut keys, Some(dict), &key, &value, &mut take),
            }
        }
        true
    }

    fn other_members(&mut self, members: &Kind<'py>, take: Take<'_, 'py>) -> bool {
        let mut keys = HashSet::new();
        match members {
            Kind::Pairs(pairs) => {
                for pair in pairs.iter() {
                    let Ok((key, value)) = pair.extract::<(Bound<'py, PyAny>, Bound<'py, PyAny>)>() else { continue };
                    self.keyed(&mut keys, None, &key, &value, take);
                }
            }
            Kind::Fields(instance, fields) => {
                for field in fields.iter() {
                    let found = field.getattr(intern!(self.py, "name")).and_then(|name| {
                        let value = instance.getattr(name.cast::<PyString>().map_err(PyErr::from)?)?;
                        Ok((name, value))
                    });
                    match found {
                        Ok((name, value)) => self.keyed(&mut keys, None, &name, &value, take),
                        Err(error) => self.over |= calls::absorb(self.py, error),
                    }
                }
            }
            _ => return false,
        }
        true
    }

    /// A member whose key may have the text of another one: {1: …, "1": …}. The one that is a str wins, then the first.
    fn keyed(
        &mut self,
        keys: &mut HashSet<String>,
        dict: Option<&Bound<'py, PyDict>>,
        key: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
        take: Take<'_, 'py>,
    ) {
        if self.over {
            return;
        }
        let is_key = |text: &str| match dict {
            Some(dict) => Ok(!key.eq(text)? && dict.contains(text)?),
            None => Ok(false),
        };
        match str_of(key) {
            Ok(text) if keys.contains(&text) || calls::swallow(self.py, is_key(&text), false) => {}
            Ok(text) => {
                self.spend(text.len() + 4);
                take(self, &text, value);
                keys.insert(text);
            }
            Err(error) => self.over |= calls::absorb(self.py, error),
        }
    }

    fn text(&mut self, w: &mut Writer<'_>, value: &Bound<'py, PyAny>) {
        match str_of(value) {
            Ok(text) => {
                self.spend(text.len() + 3);
                if !self.over {
                    w.str(&text);
                }
            }
            Err(error) => self.absorb(w, error),
        }
    }
}

/// `str(value)`
pub fn str_of(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let string = match value.cast::<PyString>() {
        Ok(string) => string.clone(),
        Err(_) => calls::python_code(|| value.str())?,
    };
    text::of(&string).map(Cow::into_owned)
}
