using Microsoft.Win32.SafeHandles;

namespace Runner.Engine.Storage;

/// <summary>
/// One of the two files of the database, as a stream for LiteDB. LiteDB 5.0.20 writes its log on a thread of its own after a commit has
/// returned, and answers a failed write by closing itself from that very thread. So this stream lets <see cref="DatabaseFiles"/> wait until
/// the bytes have arrived, and takes a failure upon itself: it is noted, LiteDB sees success, and nothing is written from then on.
/// </summary>
internal sealed class DurableStream : Stream
{
    private readonly SafeFileHandle _handle;
    private readonly DatabaseFiles _files;
    private readonly bool _syncOnFlush;
    private readonly Lock _lock = new();
    private long _length;
    private long _position;

    /// <param name="syncOnFlush">Whether LiteDB's own flush reaches the disk. The log is synced by <see cref="DatabaseFiles"/> instead, once for many commits.</param>
    public DurableStream(string path, DatabaseFiles files, bool syncOnFlush)
    {
        _files = files;
        _syncOnFlush = syncOnFlush;
        _handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        if (!OperatingSystem.IsWindows())
        {
            // Password hashes and tokens are in it.
            File.SetUnixFileMode(_handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        _length = RandomAccess.GetLength(_handle);
    }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => Interlocked.Read(ref _length);

    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    // LiteDB sets the position and reads or writes under a lock on this stream, see its ConcurrentStream.
    public override int Read(byte[] buffer, int offset, int count)
    {
        var total = 0;
        while (total < count)
        {
            var read = _files.Failure is null ? RandomAccess.Read(_handle, buffer.AsSpan(offset + total, count - total), _position) : 0;
            if (read == 0)
            {
                break;
            }

            total += read;
            _position += read;
        }

        if (_files.Failure is not null)
        {
            // A page of zeros is skipped by whatever LiteDB is still about; the engine is thrown away anyway.
            buffer.AsSpan(offset + total, count - total).Clear();
            _position += count - total;
            return count;
        }

        return total;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        Attempt(() => RandomAccess.Write(_handle, buffer.AsSpan(offset, count), _position));
        _position += count;
        lock (_lock)
        {
            Interlocked.Exchange(ref _length, Math.Max(_length, _position));
        }

        _files.Wrote();
    }

    public override void SetLength(long value)
    {
        Attempt(() => RandomAccess.SetLength(_handle, value));
        Interlocked.Exchange(ref _length, value);
    }

    public override void Flush()
    {
        if (_syncOnFlush)
        {
            Sync();
        }
    }

    /// <summary>Returns when everything written is on the disk, or the failure is noted.</summary>
    public void Sync() => Attempt(() => RandomAccess.FlushToDisk(_handle));

    public override long Seek(long offset, SeekOrigin origin) => _position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _handle.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Attempt(Action action)
    {
        if (_files.Failure is not null)
        {
            return;
        }

        try
        {
            action();
        }
#pragma warning disable CA1031 // A failure of any kind must not reach LiteDB; EFBIG, for one, is an ArgumentOutOfRangeException.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _files.Fail(exception);
        }
    }
}
