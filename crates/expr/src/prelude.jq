# Functions defined in jq. Names that begin with an underscore are natives.

def empty: {}[] as $x | .;
def true: 0 == 0;
def false: 0 != 0;
def null: [][0];

def select(f): if f then . else empty end;
def map(f): [.[] | f];
def map_values(f): _modify(.[]; f);
def recurse(f): def r: ., (f | r); r;
def recurse: recurse(.[]?);
def recurse(f; condition): def r: ., (f | select(condition) | r); r;
def repeat(f): def r: f, r; r;
def while(condition; update): def r: if condition then ., (update | r) else empty end; r;
def until(condition; update): def r: if condition then . else update | r end; r;
def range($upto): _range(0; $upto; 1);
def range($from; $upto): _range($from; $upto; 1);
def range($from; $upto; $by): _range($from; $upto; $by);
def limit($n; f):
  if $n > 0 then _limit($n; f) elif $n == 0 then empty else error("limit doesn't support negative count") end;
def skip($n; f):
  if $n > 0 then _skip($n; f) elif $n == 0 then f else error("skip doesn't support negative count") end;
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else first(skip($n; f)) end;
def first: .[0];
def last: .[-1];
def isempty(f): first((f | false), true);
def all(f; condition): isempty(first(f | condition | select(. | not)));
def any(f; condition): isempty(first(f | condition | select(.))) | not;
def all(condition): all(.[]; condition);
def any(condition): any(.[]; condition);
def all: all(.[]; .);
def any: any(.[]; .);
def add(f): reduce f as $x (null; . + $x);
def add: add(.[]);
def IN(f): any(f == .; .);
def IN(source; f): any(source == f; .);
def INDEX(stream; name): reduce stream as $row ({}; _setpath([$row | name | tostring]; $row));
def INDEX(name): INDEX(.[]; name);
def JOIN($index; name): [.[] | [., $index[name]]];
def JOIN($index; stream; name): stream | [., $index[name]];
def JOIN($index; stream; name; f): stream | [., $index[name]] | f;

def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type | . == "array" or . == "object");
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def nulls: select(. == null);
def values: select(. != null);
def scalars: select(type | . != "array" and . != "object");
def isfinite: type == "number" and (isinfinite | not);
def finites: select(isfinite);
def normals: select(isnormal);
def isarray: type == "array";
def isobject: type == "object";
def isboolean: type == "boolean";
def isnumber: type == "number";
def isstring: type == "string";
def toarray: if type == "array" then . else [.] end;

def setpath(path; value): value as $value | path as $path | _setpath($path; $value);
def del(f): delpaths([path(f)]);
def paths: path(..) | select(length > 0);
def paths(f): path(.. | select(f)) | select(length > 0);
def leaf_paths: paths(scalars);
def pick(f): . as $whole | reduce path(f) as $path (null; _setpath($path; $whole | getpath($path)));
def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;
def in(f): . as $key | f | has($key);
def inside(f): . as $part | f | contains($part);

def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): _unique_by(map([f]));
def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def flatten: _flatten(-1);
def flatten($depth): if $depth < 0 then error("flatten depth must not be negative") else _flatten($depth) end;
def combinations:
  if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $rest | [$x] + $rest end;
def combinations(n): . as $set | [range(n) | $set] | combinations;
def from_entries:
  reduce .[] as $entry ({};
    . + {($entry | .key // .Key // .name // .Name | if type == "string" then . else tojson end):
         ($entry | if has("value") then .value else .Value end)});
def with_entries(f): to_entries | map(f) | from_entries;
def indices($part):
  if type == "array" and ($part | type) == "array" then .[$part]
  elif type == "array" then .[[$part]]
  elif type == "string" and ($part | type) == "string" then _strindices($part)
  else .[$part] end;
def index($part): indices($part) | .[0];
def rindex($part): indices($part) | .[-1:][0];
def tostream: path(def r: (.[]? | r), .; r) as $path | getpath($path)
  | reduce path(.[]?) as $below ([$path, .]; [$path + $below]);
def fromstream(f):
  foreach f as $event ({value: null, done: false};
    (if .done then {value: null, done: false} else . end) as $state
    | $event as [$path, $leaf]
    | if ($event | length) == 2
      then {value: ($state.value | _setpath($path; $leaf)), done: ($path | length == 0)}
      else {value: $state.value, done: ($path | length == 1)} end;
    if .done then .value else empty end);
def truncate_stream(f): . as $depth | null | f | . as $event
  | if ($event[0] | length) > $depth then _setpath([0]; $event[0][$depth:]) else empty end;

def fromdate: fromdateiso8601;
def todate: todateiso8601;
def date: todate;
def dateadd(unit; $n): . + $n;
def datesub(unit; $n): . - $n;

def _pattern($pattern):
  $pattern | type as $type
  | if $type == "string" then [., null]
    elif $type == "array" and length > 1 then [.[0], .[1]]
    elif $type == "array" and length > 0 then [.[0], null]
    else error($type + " not a string or array") end;
def match($pattern; $flags): _match($pattern; $flags; false) | .[];
def match($pattern): _pattern($pattern) as [$re, $flags] | match($re; $flags);
def test($pattern; $flags): _match($pattern; $flags; true);
def test($pattern): _pattern($pattern) as [$re, $flags] | test($re; $flags);
def _captures: reduce (.captures[] | select(.name != null)) as $group ({}; . + {($group.name): $group.string});
def capture($pattern; $flags): match($pattern; $flags) | _captures;
def capture($pattern): _pattern($pattern) as [$re, $flags] | capture($re; $flags);
def scan($pattern; $flags):
  match($pattern; "g" + $flags) | if (.captures | length) > 0 then [.captures[].string] else .string end;
def scan($pattern): scan($pattern; null);
def split($pattern; $flags):
  . as $text
  | reduce match($pattern; $flags + "g") as $match ([0, []];
      [$match.offset + $match.length, .[1] + [$text[.[0]:$match.offset]]])
  | .[1] + [$text[.[0]:]];
def splits($pattern; $flags): split($pattern; $flags) | .[];
def splits($pattern): splits($pattern; null);
def sub($pattern; replacement; $flags):
  . as $text
  | (reduce match($pattern; $flags) as $match ({done: 0, texts: []};
      .texts as $texts
      | $text[.done:$match.offset] as $gap
      | [$match | _captures | replacement] as $new
      | {done: ($match.offset + $match.length),
         texts: ([range($new | length) as $i | $texts[$i] + $gap + $new[$i]] + $texts[($new | length):])})
    | .texts[] + $text[.done:]) // $text;
def sub($pattern; replacement): sub($pattern; replacement; "");
def gsub($pattern; replacement; $flags): sub($pattern; replacement; $flags + "g");
def gsub($pattern; replacement): sub($pattern; replacement; "g");
def ascii: [.] | implode;

def pow(x; y): y as $y | x as $x | _pow($x; $y);
def atan2(x; y): y as $y | x as $x | _atan2($x; $y);
def copysign(x; y): y as $y | x as $x | _copysign($x; $y);
def drem(x; y): y as $y | x as $x | _drem($x; $y);
def fdim(x; y): y as $y | x as $x | _fdim($x; $y);
def fmax(x; y): y as $y | x as $x | _fmax($x; $y);
def fmin(x; y): y as $y | x as $x | _fmin($x; $y);
def fmod(x; y): y as $y | x as $x | _fmod($x; $y);
def hypot(x; y): y as $y | x as $x | _hypot($x; $y);
def jn(x; y): y as $y | x as $x | _jn($x; $y);
def yn(x; y): y as $y | x as $x | _yn($x; $y);
def ldexp(x; y): y as $y | x as $x | _ldexp($x; $y);
def nextafter(x; y): y as $y | x as $x | _nextafter($x; $y);
def nexttoward(x; y): nextafter(x; y);
def remainder(x; y): y as $y | x as $x | _remainder($x; $y);
def scalb(x; y): y as $y | x as $x | _scalb($x; $y);
def scalbln(x; y): y as $y | x as $x | _scalbln($x; $y);
def fma(x; y; z): z as $z | y as $y | x as $x | _fma($x; $y; $z);

def @text: _text;
def @json: _json;
def @html: _html;
def @uri: _uri;
def @urid: _urid;
def @csv: _csv;
def @tsv: _tsv;
def @sh: _sh;
def @base64: _base64;
def @base64d: _base64d;
def @base32: _base32;
def @base32d: _base32d;
def have_literal_numbers: true;
def have_decnum: true;
