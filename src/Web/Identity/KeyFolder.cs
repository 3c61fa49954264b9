namespace Runner.Web.Identity;

/// <summary>The folder of keys and certificates in the data folder, open to its owner only.</summary>
internal sealed class KeyFolder(DirectoryInfo directory)
{
    /// <summary>Held by whoever reads several files or changes any: nobody meets a key that is just going.</summary>
    public Lock Lock { get; } = new();

    public DirectoryInfo Directory => directory;

    public static KeyFolder Create(string dataFolder)
    {
        var path = Path.Combine(dataFolder, "keys");
        return new(OperatingSystem.IsWindows()
            ? System.IO.Directory.CreateDirectory(path)
            : System.IO.Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    public string File(string name) => Path.Combine(directory.FullName, name);
}
