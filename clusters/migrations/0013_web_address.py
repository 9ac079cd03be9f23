from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clusters", "0012_mail_on_its_way")]

    operations = [
        operation
        for name in ("publication", "publicationhistoryevent")
        for operation in (
            migrations.RenameField(name, "url", "web_address"),
            migrations.AlterField(
                name,
                "web_address",
                models.URLField(
                    "web address",
                    max_length=500,
                    blank=True,
                    help_text="Where it can be read or is described; a DOI has its own field.",
                ),
            ),
        )
    ]
