namespace Runner.Web.Identity;

/// <summary>The folder of keys and certificates in the data folder, open to its owner only.</summary>
internal static class KeyFolder
{
    public static DirectoryInfo Create(string dataFolder)
    {
        var path = Path.Combine(dataFolder, "keys");
        return OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(path)
            : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
