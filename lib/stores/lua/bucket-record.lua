-- Functions for scripts about buckets of guesses. Their text is appended to this one.
--
-- The record of a bucket is "failures,shuts,opens,last,refused,noted,id,until,id,until,…":
--         failures since it was last shut, how often in a row it was shut, when it opens, when the last failure
--         was, tries refused since the last note, when that note was; then the tries without an outcome, each with
--         the time from which it no longer takes up a place
local bucket = {}

-- Reads a record, false where there is none. After `shutMaxMs` (milliseconds) without failures they count no more.
-- Returns the six numbers as a list, and the tries that take up a place as a list of { id, until }.
function bucket.read(record, now, shutMaxMs)
  local fields, numbers, tries = {}, { 0, 0, 0, 0, 0, 0 }, {}
  for field in string.gmatch(record or '', '[^,]+') do fields[#fields + 1] = field end

  if #fields > 0 and now - math.max(tonumber(fields[3]), tonumber(fields[4])) < shutMaxMs then
    for place = 1, 6 do numbers[place] = tonumber(fields[place]) end
  end
  for place = 7, #fields, 2 do
    if tonumber(fields[place + 1]) > now then tries[#tries + 1] = { fields[place], tonumber(fields[place + 1]) } end
  end
  return numbers, tries
end
