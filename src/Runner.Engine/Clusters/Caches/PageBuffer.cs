using System.Buffers;
using System.Runtime.InteropServices;

namespace Runner.Engine.Clusters.Caches;

/// <summary>
/// One whole answer at a time. Outside the managed heap: there, some MB that live for a moment count as old objects, and reading a large cluster would have
/// all of them collected again and again, while what was read stayed resident. Dispose it: nobody else does. Not for two threads at once.
/// </summary>
internal sealed class PageBuffer : MemoryManager<byte>
{
    /// <summary>A page of 500 objects has some MB; a list all at once some hundred.</summary>
    private const int MaxBytes = 1024 * 1024 * 1024;

    /// <summary>What is not written to takes no memory.</summary>
    private const int FirstBytes = 2 * 1024 * 1024;

    private unsafe byte* _bytes;
    private int _capacity;
    private int _length;

    /// <summary>What was read last; valid until more is read, or all is disposed.</summary>
    public unsafe ReadOnlySpan<byte> Page => new(_bytes, _length);

    /// <summary>Reads an answer to its end, in place of the one before.</summary>
    /// <exception cref="InvalidDataException">The answer is larger than any list is.</exception>
    public async Task ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        _length = 0;
        Reserve(Math.Max(FirstBytes, (response.Content.Headers.ContentLength ?? 0) + 1));
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        int read;
        while ((read = await stream.ReadAsync(Memory[_length..], cancellationToken).ConfigureAwait(false)) > 0)
        {
            _length += read;
            if (_length == _capacity)
            {
                Reserve(_capacity * 2L);
            }
        }
    }

    public override unsafe Span<byte> GetSpan() => new(_bytes, _capacity);

    public override unsafe MemoryHandle Pin(int elementIndex = 0) => new(_bytes + elementIndex);

    public override void Unpin()
    {
        // It never moves while it is pinned: only reading the next part makes it larger.
    }

    protected override unsafe void Dispose(bool disposing)
    {
        NativeMemory.Free(_bytes);
        _bytes = null;
        (_capacity, _length) = (0, 0);
    }

    private unsafe void Reserve(long bytes)
    {
        if (bytes <= _capacity)
        {
            return;
        }

        if (bytes > MaxBytes)
        {
            throw new InvalidDataException($"The answer has more than {MaxBytes} bytes.");
        }

        _bytes = (byte*)NativeMemory.Realloc(_bytes, (nuint)bytes);
        _capacity = (int)bytes;
    }
}
