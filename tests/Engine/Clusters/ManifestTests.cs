using System.Text;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Api;

namespace Runner.Tests.Engine.Clusters;

public sealed class ManifestTests
{
    [Fact]
    public void Secrets_are_hidden_and_everything_else_is_shown_as_it_is()
    {
        var yaml = Manifest.ToYaml(Encoding.UTF8.GetBytes(
            """
            {"apiVersion":"serving.knative.dev/v1","kind":"Service",
             "metadata":{"name":"web","labels":{"on":"true"},"annotations":{"deploy_id":"42","access_token":"planted-1","kubectl.kubernetes.io/last-applied-configuration":"{\"planted-2\":1}"},"managedFields":[{"manager":"planted-3"}]},
             "spec":{"template":{"spec":{"containers":[{"image":"a:1","command":["serve","--api-key","planted-4","--token=planted-5","--port=80"],
              "args":["sh","-c","run --password planted-6 --verbose"],
              "env":[{"name":"HF_TOKEN","value":"planted-7"},{"name":"S3_SECRET_ACCESS_KEY","value":"planted-8"},{"name":"DB_PASS","value":"planted-10"},{"name":"SSH_PASSPHRASE","value":"planted-11"},{"name":"port","value":"8080"},{"name":"CONFIG","value":"{\"model\":\"shown-model\",\"hf\":{\"token\":\"planted-12\",\"keys\":[{\"api_key\":\"planted-13\"}]},\"inner\":\"[{\\\"password\\\":\\\"planted-14\\\"}]\"}"},{"name":"GIT","value":"https://user:planted-9@host/x.git"},
               {"name":"PASSWORD","valueFrom":{"secretKeyRef":{"name":"shown","key":"pw"}}}]}],"timeoutSeconds":300,"nothing":null,"ratio":1.5,"asked":false}}}}
            """));

        Assert.DoesNotContain("planted", yaml, StringComparison.Ordinal);
        Assert.DoesNotContain("managedFields", yaml, StringComparison.Ordinal);
        foreach (var shown in new[] { "name: web", "\"on\": \"true\"", "deploy_id: \"42\"", "--port=80", "--verbose", "value: \"8080\"", "host/x.git", "shown-model", "name: shown", "key: pw", "timeoutSeconds: 300", "ratio: 1.5", "asked: false" })
        {
            Assert.Contains(shown.Replace('"', '\''), yaml.Replace('"', '\''), StringComparison.Ordinal);
        }
    }
}
