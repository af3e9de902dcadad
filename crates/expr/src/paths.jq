# Path variants of functions, defined as in jq: the definition determines where a filter leaves the path, and with
# which error.

def _path_map(f): [.[] | f];
def _path_add(f): reduce f as $x (null; . + $x);
def _path_add: add(.[]);
def _path_recurse(f): def r: ., (f | r); r;
def _path_recurse(f; condition): def r: ., (f | select(condition) | r); r;
def _path_recurse: recurse(.[]?);
def _path_walk(f):
  def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;
def _path_isempty(f): first((f | false), true);
def _path_all(f; condition): isempty(f | condition and empty);
def _path_any(f; condition): isempty(f | condition or empty) | not;
def _path_all(condition): all(.[]; condition);
def _path_any(condition): any(.[]; condition);
def _path_all: all(.[]; .);
def _path_any: any(.[]; .);
def _path_from_entries: map([.] | from_entries) | add // {};
def _path_with_entries(f): to_entries | map(f) | from_entries;
def _path_join($between): (.[] | empty), join($between);
def _path_flatten: (.[] | empty), flatten;
def _path_flatten($depth): if $depth < 0 then flatten($depth) else (.[] | empty), flatten($depth) end;
def _path_ltrimstr($part): if startswith($part) then .[$part | length:] end;
def _path_rtrimstr($part): if endswith($part) then .[:length - ($part | length)] end;
def _path_trimstr($part): ltrimstr($part) | rtrimstr($part);
def _path_ascii_downcase: explode | map(.) | implode;
def _path_ascii_upcase: explode | map(.) | implode;
def _path_indices($part):
  if type == "array" and ($part | type) == "array" then .[$part]
  elif type == "array" then .[[$part]]
  elif type == "string" and ($part | type) == "string" then _strindices($part)
  else .[$part] end;
def _path_index($part): indices($part) | .[0];
def _path_rindex($part): indices($part) | .[-1:][0];
