using System.Globalization;
using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>
/// In which shape the data folder is. The number is LiteDB's user version, in the data file itself: 0 stands for the first format, which had no number, and for a new file.
/// A format changes in steps of one; before the first step the data file is copied into a folder <c>format-N</c>, where it stays until somebody removes it.
/// </summary>
internal static class DataFormat
{
    /// <summary>The format that this program writes.</summary>
    public const int Current = 2;

    private const string FolderCollection = "folder";

    /// <summary>Makes each format from the one before it. A step may be run again after a death in its middle.</summary>
    private static readonly Dictionary<int, Action<ILiteDatabase, TimeProvider>> Steps = new()
    {
        // 2: the folder has a number and an identity, which its backups tell.
        [2] = Identify,
    };

    /// <summary>Refuses a database of a newer program.</summary>
    /// <exception cref="DataFormatException">It is one; nothing was changed.</exception>
    public static void RefuseNewer(string folder, ILiteDatabase database)
    {
        if (Of(database) is var format and > Current)
        {
            throw new DataFormatException(
                $"The data folder '{Path.GetFullPath(folder)}' was written by a newer version of this program (format {format}; this one knows up to {Current}). Nothing was changed. " +
                "Start the newer version, or restore a backup of before its upgrade.");
        }
    }

    /// <summary>Brings a database to the current format. Called before anybody else uses it.</summary>
    /// <exception cref="IOException">The disk refused; the copy in the older format is whole if it is there.</exception>
    public static void Prepare(string folder, DatabaseEngine engine, TimeProvider time)
    {
        var database = engine.Database;
        var isNew = database.UserVersion == 0 && !database.GetCollectionNames().Any();
        var format = isNew ? Current - 1 : Of(database);
        if (format == Current)
        {
            return;
        }

        if (!isNew)
        {
            CopyAside(folder, engine, format);
        }

        for (var next = format + 1; next <= Current; next++)
        {
            database.BeginTrans();
            Steps[next](database, time);
            database.Commit();
            database.UserVersion = next;
            engine.Persist();
        }
    }

    /// <summary>The format of a database that is not new.</summary>
    public static int Of(ILiteDatabase database) => Math.Max(1, database.UserVersion);

    /// <summary>Which folder this is, whatever it is called; the same in every backup of it.</summary>
    public static string IdentityOf(ILiteDatabase database) => database.GetCollection(FolderCollection).FindById(1)?["identity"].AsString ?? "";

    /// <summary>Where the copy in an older format is kept.</summary>
    public static string CopyOf(string folder, int format) => Path.Combine(folder, DataFolder.OlderFormat + format.ToString(CultureInfo.InvariantCulture));

    private static void Identify(ILiteDatabase database, TimeProvider time) => database.GetCollection(FolderCollection).Upsert(new BsonDocument
    {
        ["_id"] = 1,
        ["identity"] = IdentityOf(database) is { Length: > 0 } known ? known : Guid.NewGuid().ToString("D"),
        ["since"] = time.GetUtcNow().UtcDateTime,
    });

    /// <summary>Copies the data file, which is whole by itself after the checkpoint. A copy that is there already is of an attempt that did not come to its end, and older.</summary>
    private static void CopyAside(string folder, DatabaseEngine engine, int format)
    {
        var copies = CopyOf(folder, format);
        var copy = Path.Combine(copies, DatabaseFileNames.Main.Data);
        if (File.Exists(copy))
        {
            return;
        }

        engine.Settle();
        Directory.CreateDirectory(copies);
        using (var source = new FileStream(engine.DataPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        using (var target = DataFolder.CreatePrivate(copy + DataFolder.Unfinished))
        {
            source.CopyTo(target);
            target.Flush(flushToDisk: true);
        }

        File.Move(copy + DataFolder.Unfinished, copy);
        FolderSync.ToDisk(copies);
        FolderSync.ToDisk(folder);
    }
}
