using System.Buffers.Binary;

namespace Runner.Engine.Storage;

/// <summary>How full a data file is, read from the heads of its pages.</summary>
internal static class DatabasePages
{
    public const int PageSize = 8192;

    // The head of a page of LiteDB 5: its number (4 bytes), its type (1; 0 is an empty one), …, at 24 the bytes used after the head (2).
    private const int Head = 32;
    private const int Type = 4;
    private const int Used = 24;

    /// <summary>Bytes of the file that hold something.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static long UsedBytes(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        var buffer = new byte[128 * PageSize];
        var used = 0L;
        for (long at = 0; RandomAccess.Read(file, buffer, at) is var read and > 0; at += read)
        {
            for (var page = 0; page + Head <= read; page += PageSize)
            {
                if (buffer[page + Type] != 0)
                {
                    used += Head + BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(page + Used, 2));
                }
            }
        }

        return used;
    }
}
