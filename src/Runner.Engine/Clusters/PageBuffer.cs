using System.Buffers;

namespace Runner.Engine.Clusters;

/// <summary>One whole answer in a rented buffer, valid until disposed.</summary>
internal sealed class PageBuffer : IDisposable
{
    /// <summary>A page of 500 objects has some MB; a list all at once some hundred.</summary>
    private const int MaxBytes = 1024 * 1024 * 1024;

    private byte[] _buffer;
    private int _length;

    private PageBuffer(int capacity) => _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, _length);

    /// <exception cref="InvalidDataException">The answer is larger than any list is.</exception>
    public static async Task<PageBuffer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var page = new PageBuffer((int)Math.Clamp((response.Content.Headers.ContentLength ?? 0) + 1, 64 * 1024, MaxBytes));
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            int read;
            while ((read = await stream.ReadAsync(page._buffer.AsMemory(page._length), cancellationToken).ConfigureAwait(false)) > 0)
            {
                page._length += read;
                page.GrowIfFull();
            }

            return page;
        }
        catch
        {
            page.Dispose();
            throw;
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void GrowIfFull()
    {
        if (_length < _buffer.Length)
        {
            return;
        }

        if (_length >= MaxBytes)
        {
            throw new InvalidDataException($"The answer has more than {MaxBytes} bytes.");
        }

        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
