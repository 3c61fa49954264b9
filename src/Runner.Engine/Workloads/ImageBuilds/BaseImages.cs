using System.Globalization;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>Which of the base images a Python space is built on. Pure.</summary>
internal static class BaseImages
{
    private const string DefaultPython = "3.10";

    /// <summary>Versions of the SDKs in the current base images; spaces that ask for another one are built on the images before them.</summary>
    private const string CurrentGradio = "6.2.0";
    private const string CurrentStreamlit = "1.33.0";
    private const string EarlierBase = "1.0.3";

    /// <summary>Versions of CUDA for which there is a base image, oldest first.</summary>
    private static readonly Version[] Cuda = [new(11, 8, 0), new(12, 1, 0)];

    /// <summary>Tag of the base image without its own version, such as <c>python3.10-cuda11.8.0</c>; null where the request's versions say nothing.</summary>
    public static string? Tag(ImageBuildRequest request)
    {
        if (Python(request.PythonVersion) is not { } python)
        {
            return null;
        }

        if (request.Hardware != "gpu")
        {
            return $"python{python}";
        }

        return CudaFor(request.DriverVersion) is { } cuda ? $"python{python}-cuda{cuda}" : null;
    }

    /// <summary>Version of the base image where it is not the current one.</summary>
    public static string? EarlierVersion(ImageBuildRequest request) => request switch
    {
        { Sdk: "gradio", SdkVersion: not CurrentGradio } or { Sdk: "streamlit", SdkVersion: not CurrentStreamlit } => EarlierBase,
        _ => null,
    };

    /// <summary>Major and minor version; 3.10 where none is asked for, null for what is no version.</summary>
    public static string? Python(string text) => text.Length == 0 ? DefaultPython
        : text.Length <= 16 && Version.TryParse(text, out var version) && version.Major == 3 ? string.Create(CultureInfo.InvariantCulture, $"3.{version.Minor}")
        : null;

    /// <summary>
    /// The newest CUDA that a driver for the given version runs, and there is a base image for; the oldest for drivers older than any, and where none
    /// is given. Null for what is no version.
    /// </summary>
    public static Version? CudaFor(string driver) => driver.Length == 0 ? Cuda[0]
        : driver.Length <= 16 && Version.TryParse(driver, out var version) ? Cuda.LastOrDefault(cuda => cuda <= Full(version), Cuda[0])
        : null;

    private static Version Full(Version version) => new(version.Major, version.Minor, Math.Max(version.Build, 0));
}
