using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary><c>POST /embedded/wake/{namespace}/{service}</c>: a request arrives for a Knative Service, which wakes it when it sleeps.</summary>
internal static class WakePath
{
    public const string Prefix = "/embedded/wake/";

    /// <exception cref="ApiException">404 <c>NotFound</c> where the path names no Knative Service with traffic.</exception>
    public static void Handle(HttpContext http, ObjectStore store, TimeProvider time)
    {
        var parts = (http.Request.Path.Value ?? "")[Prefix.Length..].Split('/');
        if (parts.Length != 2)
        {
            throw ApiErrors.UnknownResource();
        }

        if (!new Controllers.Knative.Activator(store, time).Wake(parts[0], parts[1]))
        {
            throw ApiErrors.NotFound("serving.knative.dev", "services", parts[1]);
        }

        http.Response.StatusCode = 202;
    }
}
