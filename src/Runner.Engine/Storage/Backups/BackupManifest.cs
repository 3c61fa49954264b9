using System.Text.Json;

namespace Runner.Engine.Storage.Backups;

/// <summary>What a backup holds: the entry <see cref="EntryName"/> of the zip, its last one.</summary>
/// <param name="Format">The data folder's format, see <c>docs/operations.md</c>.</param>
/// <param name="Program">Version of the program that made it.</param>
/// <param name="CreatedAt">The moment of which the database is.</param>
/// <param name="Folder">Identity of the data folder: backups of the same one have the same.</param>
/// <param name="Files">All files, the database first.</param>
public sealed record BackupManifest(int Format, string Program, DateTimeOffset CreatedAt, string Folder, IReadOnlyList<BackupFile> Files)
{
    /// <summary>The manifest's own entry.</summary>
    public const string EntryName = "manifest.json";

    /// <summary>Folder in the zip that holds the files.</summary>
    public const string DataEntries = "data/";

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };
}

/// <summary>One file of a backup.</summary>
/// <param name="Path">Relative to the data folder, with slashes.</param>
/// <param name="Sha256">In lower-case hexadecimal digits.</param>
public sealed record BackupFile(string Path, long Bytes, string Sha256);
