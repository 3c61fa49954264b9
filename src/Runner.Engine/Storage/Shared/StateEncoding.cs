using System.IO.Compression;
using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>How the state is written into Secrets: BSON, compressed with Brotli. Pure.</summary>
internal static class StateEncoding
{
    /// <summary>Changes with every format that an older runner cannot read.</summary>
    private const int Version = 1;

    /// <summary>No Secret is larger than 1 MiB; what claims to be more than a hundred times that is none of ours.</summary>
    private const int Largest = 128 * 1024 * 1024;

    public static byte[] Write(StateHead head) => Compress(new BsonDocument
    {
        ["version"] = Version,
        ["journal"] = head.Journal,
        ["position"] = head.Position,

        // Runners before this one read a size of each part, and use it for nothing.
        ["parts"] = new BsonArray(head.Parts.Select(part => new BsonDocument { ["name"] = part.Name, ["from"] = part.From, ["upTo"] = part.UpTo, ["size"] = 0 })),
        ["entries"] = new BsonArray(head.Entries.Select(Entry)),
        ["recent"] = new BsonArray(head.Recent.Select(id => new BsonValue(id))),
    });

    /// <exception cref="InvalidDataException">It is none, or a newer runner wrote it.</exception>
    public static StateHead ReadHead(byte[] bytes) => Reading(bytes, document => new StateHead(
        document["journal"].AsString,
        document["position"].AsInt64,
        [.. document["parts"].AsArray.Select(part => new StatePart(part["name"].AsString, part["from"].AsInt64, part["upTo"].AsInt64))],
        Entries(document),
        [.. document["recent"].AsArray.Select(id => id.AsString)]));

    public static byte[] Write(IEnumerable<StateEntry> entries) => Compress(new BsonDocument { ["version"] = Version, ["entries"] = new BsonArray(entries.Select(Entry)) });

    /// <inheritdoc cref="ReadHead" path="/exception"/>
    public static IReadOnlyList<StateEntry> ReadEntries(byte[] bytes) => Reading(bytes, Entries);

    private static BsonDocument Entry(StateEntry entry) => new()
    {
        ["id"] = entry.Id,
        ["position"] = entry.Position,
        ["changes"] = new BsonArray(entry.Changes.Select(change => new BsonDocument { ["in"] = change.Collection, ["id"] = change.Id, ["is"] = change.Document ?? BsonValue.Null })),
    };

    private static IReadOnlyList<StateEntry> Entries(BsonDocument document) =>
    [
        .. document["entries"].AsArray.Select(entry => new StateEntry(
            entry["id"].AsString,
            entry["position"].AsInt64,
            [.. entry["changes"].AsArray.Select(change => new StateChange(change["in"].AsString, change["id"], change["is"].IsNull ? null : change["is"].AsDocument))])),
    ];

    private static T Reading<T>(byte[] bytes, Func<BsonDocument, T> read)
    {
        BsonDocument document;
        try
        {
            document = BsonSerializer.Deserialize(Decompress(bytes), utcDate: true);
        }
#pragma warning disable CA1031 // Whatever stands there instead of ours, it is told as one thing.
        catch (Exception exception) when (exception is not InvalidDataException)
#pragma warning restore CA1031
        {
            throw new InvalidDataException("it is damaged", exception);
        }

        return document["version"].AsInt32 == Version ? read(document) : throw new InvalidDataException("a newer runner wrote it; give every replica the same version");
    }

    private static byte[] Compress(BsonDocument document)
    {
        var plain = BsonSerializer.Serialize(document);
        using var packed = new MemoryStream();
        using (var stream = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(plain);
        }

        return packed.ToArray();
    }

    private static byte[] Decompress(byte[] packed)
    {
        using var stream = new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            plain.Write(buffer, 0, read);
            if (plain.Length > Largest)
            {
                throw new InvalidDataException("it is larger than anything a runner writes");
            }
        }

        return plain.ToArray();
    }
}
