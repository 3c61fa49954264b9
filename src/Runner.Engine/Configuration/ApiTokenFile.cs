using System.Security.Cryptography;
using System.Text;

namespace Runner.Engine.Configuration;

/// <summary>The API token that is made where none is configured, kept in the data folder for its owner only.</summary>
public static class ApiTokenFile
{
    public const string FileName = "api-token";

    /// <summary>Reads the kept token, or makes one.</summary>
    /// <returns>The token, and whether it was made just now, so that it is printed once.</returns>
    /// <exception cref="IOException">The data folder cannot be written.</exception>
    public static (string Token, bool Made) ReadOrMake(string dataDirectory)
    {
        Directory.CreateDirectory(dataDirectory);
        var path = Path.Combine(dataDirectory, FileName);
        if (File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } kept)
        {
            return (kept, false);
        }

        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var temporary = path + ".tmp";
        File.Delete(temporary);
        using (var file = new FileStream(temporary, options))
        {
            file.Write(Encoding.UTF8.GetBytes(token + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        return (token, true);
    }
}
