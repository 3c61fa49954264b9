namespace Runner.Engine.Values;

/// <summary>Tells line and column of offsets in a text.</summary>
internal sealed class LineStarts(string text)
{
    private readonly int[] _starts = [0, .. Enumerable.Range(0, text.Length).Where(at => text[at] == '\n').Select(at => at + 1)];

    /// <summary>Line and column of an offset, from 1. A byte order mark takes no column.</summary>
    public (int Line, int Column) At(int offset)
    {
        var at = Math.Clamp(offset, 0, text.Length);
        var found = Array.BinarySearch(_starts, at);
        var line = found >= 0 ? found + 1 : ~found;
        var column = at - _starts[line - 1] + 1;
        return (line, line == 1 && text.StartsWith('\uFEFF') && column > 1 ? column - 1 : column);
    }
}
