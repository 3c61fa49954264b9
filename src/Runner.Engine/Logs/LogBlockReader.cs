using System.Buffers;

namespace Runner.Engine.Logs;

/// <summary>Whole lines as they came, or a piece of one that is too long to wait for.</summary>
/// <param name="Bytes">Valid until the next block is read.</param>
/// <param name="Continues">The first bytes go on with the line at the end of the block before.</param>
/// <param name="Overlong">The last line goes on in the next block.</param>
internal readonly record struct LogBlock(ReadOnlyMemory<byte> Bytes, bool Continues, bool Overlong);

/// <summary>Reads a log in blocks that end with a line's end, as large as what has arrived.</summary>
internal sealed class LogBlockReader(Stream stream, int blockBytes = 64 * 1024) : IDisposable
{
    /// <summary>A longer line is handed on in pieces.</summary>
    public const int MaxLineBytes = 256 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(blockBytes);
    private int _start;
    private int _end;
    private bool _continues;

    /// <summary>What came after the last line's end, when the log is at its end.</summary>
    public LogBlock Remainder => new(_buffer.AsMemory(_start, _end - _start), _continues, Overlong: false);

    /// <summary>The next block, or null at the end of the log.</summary>
    public async ValueTask<LogBlock?> ReadAsync(CancellationToken cancellationToken)
    {
        MakeRoom();
        while (true)
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return null;
            }

            var length = _buffer.AsSpan(_end, read).LastIndexOf((byte)'\n') + 1;
            length = length == 0 ? 0 : _end + length;
            _end += read;
            if (length > 0)
            {
                return Cut(length, overlong: false);
            }

            if (_end >= MaxLineBytes)
            {
                return Cut(_end, overlong: true);
            }

            Grow();
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private LogBlock Cut(int length, bool overlong)
    {
        var block = new LogBlock(_buffer.AsMemory(0, length), _continues, overlong);
        (_start, _continues) = (length, overlong);
        return block;
    }

    private void MakeRoom()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        Grow();
    }

    private void Grow()
    {
        if (_end < _buffer.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
