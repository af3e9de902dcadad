-- What wrk sends: the requests of a file, one after the other. With COUNT_FILE, which grows by one byte with each saga that ends, no more
-- than IN_FLIGHT sagas are under way: who would exceed them waits a millisecond for each one too many.
local text = assert(io.open(os.getenv("REQUESTS"), "rb")):read("*a")
local requests, next_request, sent = {}, 0, 0
for one in text:gmatch("%Z+") do requests[#requests + 1] = one end

function request()
  next_request = next_request % #requests + 1
  sent = sent + 1
  return requests[next_request]
end

local count_file = os.getenv("COUNT_FILE")
if count_file then
  local ended = assert(io.open(count_file, "rb"))
  local before = ended:seek("end")
  local most = tonumber(os.getenv("IN_FLIGHT"))
  function delay()
    return math.max(0, sent - (ended:seek("end") - before) - most)
  end
end

-- For the program that started wrk: one line of JSON.
function done(summary, latency)
  local e = summary.errors
  io.stdout:write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
