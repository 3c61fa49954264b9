using System.Text;
using Runner.Engine.Storage;

namespace Runner.Engine.Logs.Collector;

/// <summary>
/// How far each container was delivered, in the file <c>logcollector/positions</c> of the data folder. Written as a whole beside the old one and put in its place, so
/// that a process that is killed leaves the old one or the new one. It may be some moments behind what Loki has: those lines are sent once more, alike to the
/// nanosecond, and Loki keeps one.
/// </summary>
internal sealed class PositionFile
{
    private const int Version = 1;
    private const string Mark = "csghub-runner log positions";

    private readonly string _path;
    private readonly FileStream _lock;

    private PositionFile(string path, FileStream @lock) => (_path, _lock) = (path, @lock);

    /// <exception cref="IOException">Another collector uses the folder, or it cannot be written.</exception>
    public static PositionFile Open(string dataDirectory)
    {
        var folder = Path.Combine(Path.GetFullPath(dataDirectory), DataFolder.Collector);
        Directory.CreateDirectory(folder);
        try
        {
            return new(Path.Combine(folder, "positions"), DataFolder.HoldPrivate(Path.Combine(folder, DataFolder.CollectorLock)));
        }
        catch (IOException exception)
        {
            throw new IOException($"The folder '{folder}' is in use by another log collector. Stop that one, or give this one a folder of its own with RUNNER_DATA_DIR.", exception);
        }
    }

    /// <summary>What the last process left.</summary>
    /// <param name="damaged">The file is there and cannot be understood: every log is read from its beginning.</param>
    public IReadOnlyList<ContainerPosition> Read(out bool damaged)
    {
        damaged = false;
        if (!File.Exists(_path))
        {
            return [];
        }

        try
        {
            using var reader = new BinaryReader(new FileStream(_path, FileMode.Open, FileAccess.Read), Encoding.UTF8);
            if (reader.ReadString() != Mark || reader.ReadInt32() != Version)
            {
                damaged = true;
                return [];
            }

            var positions = new List<ContainerPosition>();
            for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
            {
                positions.Add(ReadOne(reader));
            }

            return positions;
        }
        catch (Exception exception) when (exception is EndOfStreamException or FormatException or OverflowException or ArgumentException)
        {
            damaged = true;
            return [];
        }
    }

    /// <exception cref="IOException">The disk refused; what was kept before is still there.</exception>
    public void Write(IReadOnlyCollection<ContainerPosition> positions)
    {
        var temporary = _path + ".tmp";
        using (var writer = new BinaryWriter(new BufferedStream(DataFolder.CreatePrivate(temporary), 64 * 1024), Encoding.UTF8))
        {
            writer.Write(Mark);
            writer.Write(Version);
            writer.Write7BitEncodedInt(positions.Count);
            foreach (var position in positions)
            {
                WriteOne(writer, position);
            }
        }

        File.Move(temporary, _path, overwrite: true);
    }

    public void Close() => _lock.Dispose();

    private static ContainerPosition ReadOne(BinaryReader reader)
    {
        var key = new ContainerKey(reader.ReadString(), reader.ReadString(), reader.ReadString());
        var (run, lastTime, keptAt, forgotten) = (reader.Read7BitEncodedInt(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        var times = new List<long>();
        long time = 0;
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            times.Add(time += reader.Read7BitEncodedInt64());
        }

        return new(key, run, lastTime, new(times, forgotten), keptAt);
    }

    private static void WriteOne(BinaryWriter writer, ContainerPosition position)
    {
        writer.Write(position.Key.Cluster);
        writer.Write(position.Key.PodUid);
        writer.Write(position.Key.Container);
        writer.Write7BitEncodedInt(position.Run);
        writer.Write(position.LastTime);
        writer.Write(position.KeptAt);
        writer.Write(position.Seen.Forgotten);
        writer.Write7BitEncodedInt(position.Seen.Recent.Count);
        long before = 0;
        foreach (var time in position.Seen.Recent)
        {
            // Mostly small steps.
            writer.Write7BitEncodedInt64(time - before);
            before = time;
        }
    }
}
