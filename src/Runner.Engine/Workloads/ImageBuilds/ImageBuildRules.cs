using System.Text.RegularExpressions;
using Runner.Engine.Workloads.Containers;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>What a request to build an image must fulfil before anything is made of it. No sentence repeats the token.</summary>
internal static partial class ImageBuildRules
{
    private static readonly string[] Sdks = ["gradio", "streamlit", "nginx", "docker", "mcp_server"];

    /// <summary>Every rule that is broken, a sentence each.</summary>
    public static List<string> Check(ImageBuildRequest request)
    {
        var problems = new List<string>();
        void Require(bool rule, string problem)
        {
            if (!rule)
            {
                problems.Add(problem);
            }
        }

        Require(NamePattern().IsMatch(request.OrgName), Name("org_name", request.OrgName));
        Require(NamePattern().IsMatch(request.SpaceName), Name("space_name", request.SpaceName));
        CheckAddress(request.SpaceUrl, problems);
        Require(Sdks.Contains(request.Sdk), $"sdk must be one of {string.Join(", ", Sdks)}, but is '{Shown(request.Sdk)}'");
        Require(request.Hardware is "" or "cpu" or "gpu", $"hardware must be cpu or gpu, but is '{Shown(request.Hardware)}'");
        Require(BaseImages.Python(request.PythonVersion) is not null, $"python_version must be a version such as 3.10, but is '{Shown(request.PythonVersion)}'");
        Require(BaseImages.CudaFor(request.DriverVersion) is not null, $"driver_version must be a version such as 11.8.0, but is '{Shown(request.DriverVersion)}'");
        Require(request.GitRef.Length <= 255 && !request.GitRef.StartsWith('-') && request.GitRef.All(IsVisible), $"git_ref must be a branch, tag or commit, but is '{Shown(request.GitRef)}'");
        Require(CommitPattern().IsMatch(request.LastCommitId), $"last_commit_id is required, as it becomes the tag of the image: letters, digits, -, _ and ., but it is '{Shown(request.LastCommitId)}'");
        Require(request.DeployId.Length <= 19 && request.DeployId.All(char.IsAsciiDigit), $"deploy_id must be a number in quotes, but is '{Shown(request.DeployId)}'");
        Require(request.TaskId > 0, "task_id is required and must be more than 0");
        Require(request.RepoId >= 0, "repo_id must not be negative");
        Require(request.UserId.Length <= 255 && request.UserId.All(IsVisible), "user_id must be the name of a user");
        Require(request.GitAccessToken.All(IsVisible), "git_access_token must not hold line breaks or control characters");
        if (problems.Count == 0)
        {
            var image = ImageBuildNames.Image(request.OrgName, request.SpaceName, request.RepoId, request.LastCommitId);
            Require(ImagePattern().IsMatch(image), $"org_name and space_name do not make the name of an image: '{Shown(image)}'");
        }

        return problems;
    }

    private static void CheckAddress(string address, List<string> problems)
    {
        const string Required = "space_url must be the address from which the space is cloned, such as https://host/spaces/owner/name.git";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0 || !address.All(IsVisible) || address.Length > 2048)
        {
            problems.Add(Required);
        }
        else if (url.UserInfo.Length > 0)
        {
            problems.Add("space_url must not hold credentials; the token belongs into git_access_token");
        }
        else if (url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            problems.Add($"{Required}, without ? and #");
        }
    }

    private static string Name(string field, string text) =>
        $"{field} is required: at most 100 letters, digits, -, _ and ., beginning with a letter or digit, but it is '{Shown(text)}'";

    private static string Shown(string text) => ResourceRules.Shown(text);

    private static bool IsVisible(char character) => !char.IsControl(character) && !char.IsWhiteSpace(character);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex CommitPattern();

    // A path of two parts in lower case, and a tag.
    [GeneratedRegex(@"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9_.-]*\z")]
    private static partial Regex ImagePattern();
}
