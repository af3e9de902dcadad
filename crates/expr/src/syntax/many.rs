//! Decides whether a term has exactly one output. Where jq and the interpreter order several outputs differently, the
//! term is rewritten to jq's order. All others, nearly all, remain unchanged.

use std::collections::BTreeSet;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part};

/// Functions that always have one output.
const SINGLE: &str = " abs add all any ascii ascii_downcase ascii_upcase ceil contains delpaths endswith explode \
    fabs false flatten floor from_entries fromdate fromdateiso8601 fromjson getpath gmtime group_by has implode index \
    indices infinite isarray isboolean isempty isfinite isinfinite isnan isnormal isnumber isobject isstring join keys \
    keys_unsorted length log log10 log2 ltrim ltrimstr map map_values max max_by min min_by mktime nan not null pick \
    reverse rindex round rtrim rtrimstr setpath sort sort_by split sqrt startswith strftime strptime test toarray toboolean \
    todate todateiso8601 to_entries tojson tonumber tostring transpose trim trimstr true trunc type unique unique_by \
    utf8bytelength with_entries @base32 @base32d @base64 @base64d @csv @html @json @sh @text @tsv @uri @urid _captures \
    _setpath _assign _modify _last_or_null bsearch del ";

/// Those of them whose arguments run once per element and so add no outputs.
const CLOSED: &str = " add all any group_by isempty map map_values max_by min_by pick sort_by unique_by with_entries del _modify \
    _last_or_null ";

fn listed(list: &str, name: &str) -> bool {
    list.contains(&format!(" {name} "))
}

/// Analyzes one expression. A function that it defines itself is not the one of jq.
#[derive(Default)]
pub(super) struct Outputs<'s> {
    pub(super) defined: BTreeSet<&'s str>,
}

impl Outputs<'_> {
    /// Whether the term certainly has exactly one output or fails.
    pub(super) fn is_single(&self, term: &Term<&str>) -> bool {
        match term {
            Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(_) => true,
            Term::Str(_, parts) => parts.iter().all(|part| match part {
                StrPart::Term(term) => self.is_single(term),
                _ => true,
            }),
            Term::Obj(fields) => fields
                .iter()
                .all(|(name, value)| self.is_single(name) && value.as_ref().is_none_or(|v| self.is_single(v))),
            Term::Neg(inner) => self.is_single(inner),
            Term::BinOp(left, op, right) => match op {
                BinaryOp::Comma => false,
                _ => self.is_single(left) && self.is_single(right),
            },
            Term::IfThenElse(branches, otherwise) => {
                branches.iter().all(|(condition, then)| self.is_single(condition) && self.is_single(then))
                    && otherwise.as_deref().is_none_or(|term| self.is_single(term))
            }
            Term::Call(name, arguments) => {
                !self.defined.contains(name)
                    && listed(SINGLE, name)
                    && (listed(CLOSED, name) || arguments.iter().all(|argument| self.is_single(argument)))
            }
            Term::Path(base, path) => {
                self.is_single(base)
                    && path.0.iter().all(|(part, opt)| {
                        matches!(opt, Opt::Essential)
                            && match part {
                                Part::Index(index) => self.is_single(index),
                                Part::Range(None, None) => false,
                                Part::Range(from, upto) => from.iter().chain(upto).all(|bound| self.is_single(bound)),
                            }
                    })
            }
            Term::Fold("reduce", _, _, bodies) => bodies.first().is_some_and(|init| self.is_single(init)),
            Term::Recurse | Term::Fold(..) | Term::Label(..) | Term::Break(_) | Term::Def(..) | Term::TryCatch(..) => {
                false
            }
        }
    }
}
