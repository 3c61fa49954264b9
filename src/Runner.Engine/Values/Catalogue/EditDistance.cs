namespace Runner.Engine.Values;

/// <summary>How many letters differ between two words: inserted, left out, replaced, or two exchanged.</summary>
internal static class EditDistance
{
    public static int Of(string first, string second)
    {
        var (before, last, now) = (new int[second.Length + 1], new int[second.Length + 1], new int[second.Length + 1]);
        for (var column = 0; column <= second.Length; column++)
        {
            last[column] = column;
        }

        for (var row = 1; row <= first.Length; row++)
        {
            now[0] = row;
            for (var column = 1; column <= second.Length; column++)
            {
                var same = first[row - 1] == second[column - 1];
                now[column] = Math.Min(Math.Min(last[column] + 1, now[column - 1] + 1), last[column - 1] + (same ? 0 : 1));
                if (row > 1 && column > 1 && first[row - 1] == second[column - 2] && first[row - 2] == second[column - 1])
                {
                    now[column] = Math.Min(now[column], before[column - 2] + 1);
                }
            }

            (before, last, now) = (last, now, before);
        }

        return last[second.Length];
    }
}
