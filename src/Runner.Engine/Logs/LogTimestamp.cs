namespace Runner.Engine.Logs;

/// <summary>
/// Reads the time that the kubelet puts before each line: <c>2026-11-23T19:01:17.123456789Z </c>, with any number of fraction digits and with an
/// offset such as <c>+08:00</c> where the node's clock has one.
/// </summary>
internal static class LogTimestamp
{
    /// <summary>Length of <c>2026-11-23T19:01:17</c>.</summary>
    private const int SecondsLength = 19;

    /// <summary>Length of <c>2026-11-23T19:01:17.123456789Z</c>.</summary>
    public const int FullLength = 30;

    public const long NanosecondsPerSecond = 1_000_000_000;

    /// <param name="nanoseconds">Since 1970, UTC.</param>
    /// <param name="length">Bytes of the timestamp and the space behind it.</param>
    /// <returns>False when the line does not begin with a timestamp: such lines are the kubelet's own words.</returns>
    public static bool TryRead(ReadOnlySpan<byte> line, out long nanoseconds, out int length)
    {
        (nanoseconds, length) = (0, 0);
        if (line.Length < SecondsLength + 1 || line[10] != 'T' || !TryReadSeconds(line, out var seconds))
        {
            return false;
        }

        var position = SecondsLength;
        var fraction = ReadFraction(line, ref position);
        if (!TryReadOffset(line, ref position, out var offset))
        {
            return false;
        }

        if (position < line.Length)
        {
            if (line[position] != ' ')
            {
                return false;
            }

            position++;
        }

        nanoseconds = ((seconds - offset) * NanosecondsPerSecond) + fraction;
        length = position;
        return true;
    }

    public static DateTimeOffset ToTime(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);

    public static long FromTime(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static bool TryReadSeconds(ReadOnlySpan<byte> line, out long seconds)
    {
        seconds = 0;
        if (!Number(line, 0, 4, out var year) || !Number(line, 5, 2, out var month) || !Number(line, 8, 2, out var day)
            || !Number(line, 11, 2, out var hour) || !Number(line, 14, 2, out var minute) || !Number(line, 17, 2, out var second)
            || year is < 1970 or > 2200 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
        {
            return false;
        }

        var days = new DateOnly(year, month, day).DayNumber - new DateOnly(1970, 1, 1).DayNumber;
        seconds = (days * 86_400L) + (hour * 3600) + (minute * 60) + second;
        return true;
    }

    private static bool Number(ReadOnlySpan<byte> line, int start, int digits, out int value)
    {
        value = 0;
        foreach (var digit in line.Slice(start, digits))
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            value = (value * 10) + digit - '0';
        }

        return true;
    }

    /// <summary>As <see cref="TryRead"/>, faster where the line was written in the same second as the one before it, with nine digits and in UTC: most are.</summary>
    /// <param name="previous">The line before, from its time on.</param>
    /// <param name="previousNanoseconds">Its time.</param>
    public static bool TryReadNext(ReadOnlySpan<byte> line, ReadOnlySpan<byte> previous, long previousNanoseconds, out long nanoseconds, out int length)
    {
        if (line.Length > FullLength && line[FullLength] == ' ' && line[FullLength - 1] == 'Z' && previous.Length >= FullLength
            && line[..(SecondsLength + 1)].SequenceEqual(previous[..(SecondsLength + 1)]) && previous[FullLength - 1] == 'Z'
            && Number(line, SecondsLength + 1, 9, out var fraction))
        {
            nanoseconds = previousNanoseconds - (previousNanoseconds % NanosecondsPerSecond) + fraction;
            length = FullLength + 1;
            return true;
        }

        return TryRead(line, out nanoseconds, out length);
    }

    private static long ReadFraction(ReadOnlySpan<byte> line, ref int position)
    {
        if (position >= line.Length || line[position] != '.')
        {
            return 0;
        }

        position++;
        long fraction = 0;
        var scale = NanosecondsPerSecond;
        for (; position < line.Length && line[position] is >= (byte)'0' and <= (byte)'9'; position++)
        {
            scale /= 10;
            fraction += (line[position] - '0') * scale;
        }

        return fraction;
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> line, ref int position, out long seconds)
    {
        seconds = 0;
        if (position < line.Length && line[position] == 'Z')
        {
            position++;
            return true;
        }

        var rest = line[position..];
        if (rest.Length < 6 || rest[0] is not ((byte)'+' or (byte)'-') || rest[3] != ':' || !Number(rest, 1, 2, out var hours) || !Number(rest, 4, 2, out var minutes))
        {
            return false;
        }

        position += 6;
        seconds = ((hours * 3600) + (minutes * 60)) * (rest[0] == '-' ? -1 : 1);
        return true;
    }
}
