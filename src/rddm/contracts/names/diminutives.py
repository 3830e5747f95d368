"""
Short, pet and variant forms of given names: the full name, a colon, the forms it goes by.

A form may stand under several full names (Саша: Александр, Александра). Our own lists.
"""

from __future__ import annotations

RUSSIAN = """
Александр: Саша Саня Шура Сашка Сашенька Санёк Шурик Алекс Санька Сашок
Александра: Саша Шура Саня Сашенька Алекса Сашка Аля Шурочка
Алексей: Лёша Алёша Лёха Лёшка Лёшенька Лёня Алёшка Алексий Лексей
Алёна: Алёнка Алёнушка Лёна Алена
Алина: Аля Алинка Алиночка Лина
Алиса: Алиска Аля Лиса
Алла: Аллочка Алка
Альбина: Аля Альбинка Бина
Анастасия: Настя Настенька Ася Стася Настюша Нася Настасья Настёна Ната Тася
Анатолий: Толя Толик Толян Анатоль Толька Толенька
Ангелина: Геля Лина Ангелинка Линочка Анжелина
Андрей: Андрюша Андрюха Дрюня Андрейка Андрюшка Дрон
Анжела: Анжелика Анжелка Желя
Анна: Аня Анечка Анька Нюра Анюта Нюша Аннушка Ася Нюта Анюточка
Антон: Антоша Тоша Антошка Тоха Антоха
Антонина: Тоня Тонечка Тося Тонька Нина
Арина: Ариша Аринка Арюша Ира Ариночка
Аркадий: Аркаша Аркашка Кадик
Арсений: Арсюша Сеня Арсик Арс Арсентий Арсюха
Артём: Тёма Артёмка Артемий Тёмка Тёмочка Артёмчик Темыч
Артемий: Тёма Артём Артёмка
Артур: Артурик Артурка
Афанасий: Афоня Афанас
Богдан: Богдаша Даня Боня
Борис: Боря Борька Бориска Боренька
Вадим: Вадик Дима Вадя Вадимка Вадюша
Валентин: Валя Валик Валентинка Валёк
Валентина: Валя Валечка Валюша Тина Валюха
Валерий: Валера Лера Валерик Валерка Валерьян
Валерия: Лера Валера Лерочка Валя Лерка Леруша
Варвара: Варя Варечка Варька Варюша Варенька
Василий: Вася Васька Василёк Васёк Васенька Васян
Василиса: Вася Васёна Василиска Лиса
Вениамин: Веня Венька Венечка
Вера: Верочка Верка Веруня Веруша
Вероника: Ника Вера Никуша Вероничка Роника
Виктор: Витя Витёк Витька Витюша Витенька Викторка
Виктория: Вика Викуля Викуша Вита Тори Викочка Виктуся
Виталий: Виталик Виталя Витя Виталька
Владимир: Вова Володя Вовка Вовчик Володька Влад Вовочка Вован Володенька
Владислав: Влад Владик Слава Владя Славик
Владислава: Влада Слава Владя
Всеволод: Сева Севка Волик
Вячеслав: Слава Славик Славка Вячик Славян
Галина: Галя Галочка Галка Галюня Галинка
Геннадий: Гена Генка Геша Генаша Генчик
Георгий: Гоша Жора Гера Георг Гога Жорик Егор Гошка Гиоргий
Герман: Гера Герка Герик Герыч
Глеб: Глебушка Глебка Глебчик
Григорий: Гриша Гришка Гриня Гришаня Гришуня
Давид: Дава Давидка Додик Дод Дэвид
Даниил: Даня Данила Данил Данька Данечка Данилка Даник Даниэль Данюша
Данила: Даня Даниил Данил Данилка
Дарья: Даша Дашенька Дашуля Дарьюшка Дашка Дарина Даня Дарёна
Денис: Дениска Ден Дэн Деня Денисик Денчик
Диана: Дианка Ди Дина Диночка Дианочка
Дина: Диночка Динка
Динара: Дина Динка Динарка
Дмитрий: Дима Митя Димка Димон Димочка Митька Димитрий Димас Митяй
Евгений: Женя Женька Жека Евгеша Женечка Геня Евген
Евгения: Женя Женька Женечка Геня Ева
Евдокия: Дуня Дуся Авдотья Евдоша Дуняша
Егор: Егорка Егорушка Гоша Гора Жора Георгий Егорчик
Екатерина: Катя Катюша Катенька Катерина Катька Катюха Рина Кэт Катрин
Елена: Лена Леночка Ленка Алёна Еленка Ленуся Ленуша Элена Лёля Ленок
Елизавета: Лиза Лизонька Лизавета Лизка Лизочка Вета Лизок Элиза Бетси
Елисей: Елисейка Елися Лисей
Ефим: Фима Ефимка Фимка
Жанна: Жанночка Жанка Жануся
Захар: Захарка Захарушка Зах
Зинаида: Зина Зиночка Зинка Ида
Зоя: Зоечка Зойка Зоенька
Иван: Ваня Ванечка Ванька Иванушка Ванюша Иванко Ванёк Вано
Игнат: Игнаша Игнатка Игнатий
Игорь: Игорёк Игорёша Гоша Гарик Игоряша Игорюша
Илья: Илюша Илюха Ильюша Илюшка Илюшенька Ильюха
Ильдар: Ильдарик Дар
Инна: Инночка Инка Инуся
Иннокентий: Кеша Кешка Иннок
Иосиф: Ося Йося Осип
Ирина: Ира Ирочка Ирка Ириша Иринка Иришка Арина Ируся Рина
Камиль: Камилька Камил
Камилла: Камила Мила Камилочка
Карина: Кара Каринка Рина Кариночка
Кирилл: Кира Кирюша Кирюха Киря Кирилка Кирька Кир
Клавдия: Клава Клавочка Клаша
Константин: Костя Костик Костян Котя Костенька Константа
Кристина: Кристи Крис Тина Кристинка Кристя Христина Кристюша
Ксения: Ксюша Ксюха Ксеня Ксюня Аксинья Ксюшенька Оксана Сеня
Кузьма: Кузя Кузьмич Кузенька
Лариса: Лара Ларочка Лора Лариска Ларик
Лев: Лёва Лёвушка Лёвка Лёвчик
Леонид: Лёня Лёнька Лёнчик Лео Лёнечка
Лидия: Лида Лидочка Лидка Лидуся
Лилия: Лиля Лиличка Лилька Лилечка
Любовь: Люба Любочка Любаша Любка Любаня
Людмила: Люда Мила Людочка Люся Людка Милочка Люсьена
Мадина: Мадинка Дина Мадиночка
Майя: Мая Майка Маечка
Макар: Макарка Макарушка Мака
Максим: Макс Максимка Максик Максюша Сима Максимушка
Маргарита: Рита Марго Риточка Ритуля Ритка Маргоша
Марина: Мариша Маринка Мара Мариночка Рина Марина Маря
Мария: Маша Машенька Маруся Маня Машка Марийка Муся Марья Машуня Мари Машута Манюня
Марк: Маркуша Марик Маркушка Маркус
Марьяна: Яна Марьянка Маша
Матвей: Мотя Матвейка Матюша Матвеюшка Матюха
Милана: Мила Лана Миланка Миланочка
Мирон: Мироша Мирончик Мирошка
Мирослава: Мира Слава Мирочка
Михаил: Миша Мишка Мишаня Мишенька Михась Мишутка Миха Михайло Михей
Мурат: Муратик
Надежда: Надя Наденька Надюша Надька Надюха
Назар: Назарка Назарчик
Наталья: Наташа Ната Наталия Наташка Натуля Наталка Туся Талья Натали Наташенька
Наталия: Наташа Ната Наталья Наталка Натали
Никита: Никитка Ник Никитос Никиток Никитушка Кит
Николай: Коля Колька Николаша Колян Никола Коленька Ник Микола
Нина: Ниночка Нинка Нинуля Нинуша
Оксана: Ксана Оксанка Ксюша Оксаночка Ксеня
Олег: Олежка Олежек Олежа Олегушка Лега
Олеся: Леся Олеська Лесенька
Ольга: Оля Оленька Олечка Олька Лёля Олюшка Ольгуша Ляля
Павел: Паша Павлик Пашка Пашок Павлуша Павлуха Пашенька
Пётр: Петя Петька Петруша Петенька Петруха Петро Петюня
Платон: Платоша Тоша Платошка
Полина: Поля Полинка Полюшка Полиночка Аполлинария Лина Полечка
Прасковья: Паша Параша Проня Прося
Прохор: Проша Прохорка Прошка
Радик: Радичек Радий
Раиса: Рая Раечка Райка Раюша
Рамиль: Рамилька Рома Рамик
Регина: Рега Регинка Гина
Ренат: Ренатик Рена
Ринат: Ринатик Рина
Римма: Риммочка Римка
Родион: Родя Родик Родька Родиоша
Роман: Рома Ромка Ромочка Ромаша Ромашка Ромчик Ромыч
Ростислав: Ростик Слава Ростя Рост
Руслан: Русик Рус Русланчик Руслик
Рустам: Рустик Рустамчик Рус
Савелий: Сава Савка Савушка Савва
Светлана: Света Светочка Светик Лана Светка Светуля Светланка
Святослав: Слава Свят Святик Славик
Семён: Сёма Сеня Сёмка Семёнка Сёмочка Симеон
Сергей: Серёжа Серёга Серёжка Серж Сергейка Серый Серёженька
Снежана: Снежа Снежка Яна Жана
Софья: Соня Сонечка София Софа Софийка Софочка Сонька Софи
София: Соня Сонечка Софья Софа Софийка Софочка Софи
Станислав: Стас Слава Стасик Славик Стася
Степан: Стёпа Стёпка Степаша Стёпушка Стефан
Таисия: Тая Таечка Тася Тайка Таюша Тасенька Таисья
Тамара: Тома Томочка Тамарка Мара Томка
Тарас: Тараска Тарасик
Татьяна: Таня Танечка Танюша Танька Татьянка Танюха Тата Танюшка
Тимофей: Тима Тимоша Тимофейка Тимка Тимоха Тим
Тимур: Тима Тимурка Тимурчик Тимка Тим
Тихон: Тиша Тихоня Тишка
Ульяна: Уля Ульянка Ульяша Яна Юля Юлиана
Фаина: Фая Фаечка Фаня
Фарид: Фаридик
Фёдор: Федя Федька Федюша Феденька Теодор Федос
Филипп: Филя Филька Фил Липа Филиппок
Шамиль: Шамилька Шама
Эвелина: Эва Лина Эля Эвелинка Ева
Эдуард: Эдик Эд Эдя Эдичка Эдвард
Элеонора: Нора Эля Лора Элеонорка
Элина: Эля Лина Элинка
Эльвира: Эля Эльвирка Вира Эльвирочка
Эльмира: Эля Мира Эльмирка
Эмилия: Эмма Эмили Миля Эмилька Эмиля
Юлия: Юля Юленька Юлечка Юлька Юляша Юлиана Юльчик
Юрий: Юра Юрик Юрочка Юрка Юраша Юрец Юрчик
Яков: Яша Яшка Яшенька
Яна: Янка Яночка Януся Янина
Ярослав: Ярик Слава Яра Яся Славик
Ярослава: Яра Слава Яся Ярка
Айгуль: Гуля Айгулька Айка
Айдар: Айдарчик Дарик
Алсу: Алсушка Алсуша
Гульнара: Гуля Гулька Нара Гульназ
Гузель: Гуля Гузелька Гузя
Динислам: Ислам
Лейсан: Лейсанка Лейса Ляйсан
Ляйсан: Лейсан Лейса
Магомед: Мага Магомет Мухаммад Мухаммед
Мухаммед: Мухаммад Магомед Мага Мохаммед
Зульфия: Зуля Зульфиюшка
Рамазан: Рамзан Рамзес Рома
Ибрагим: Ибра Ибрахим
Ахмед: Ахмад Ахмат Ахмет
Юсуф: Юсуп Юсиф
Хасан: Хас Гасан
Хусейн: Гусейн Хусейин Хусик
Арсен: Арсенчик Арс
Тигран: Тико Тигранчик
Карен: Каренчик Карик
Ашот: Ашотик
Эльдар: Эльдарик Дарик
Айрат: Айратик
Ильнур: Ильнурик Нур
Булат: Булатик Буля
"""

ENGLISH = """
Abigail: Abby Gail Abbie
Adelaide: Addie Heidi
Albert: Al Bert Bertie
Alexander: Alex Al Alec Sandy Xander Lex Sasha Alexandre Aleksander
Alexandra: Alex Sandra Lexi Sandy Sasha Alexa
Alfred: Alf Fred Alfie
Amanda: Mandy Manda
Amelia: Amy Millie Emily
Andrew: Andy Drew
Angela: Angie Ange
Anna: Ann Annie Nan Anya Anne
Anne: Ann Annie Nancy Anna
Anthony: Tony Ant Antony
Antonia: Toni Tonya
Arthur: Art Artie
Barbara: Barb Babs Barbie
Beatrice: Bea Trixie Bee
Benjamin: Ben Benny Benji
Bernard: Bernie
Bradley: Brad
Brendan: Bren
Caroline: Carrie Caro Carol Lina
Catherine: Cathy Kate Katie Cat Katherine Kathy Kit Cath Catharine
Katherine: Kathy Kate Katie Kat Catherine Kitty Kath Katharine
Charles: Charlie Chuck Chas Carl
Charlotte: Charlie Lottie Lotte Char
Christina: Chris Tina Chrissie Christine Kristina
Christine: Chris Tina Chrissy Christina
Christopher: Chris Kit Topher Kris
Clifford: Cliff
Constance: Connie
Cynthia: Cindy
Daniel: Dan Danny Dannie
David: Dave Davy Davey
Deborah: Deb Debbie Debra
Dennis: Den Denny
Diana: Di Diane
Dominic: Dom Nic
Donald: Don Donnie
Dorothy: Dot Dottie Dolly Dora
Douglas: Doug
Edmund: Ed Ned Ted
Edward: Ed Eddie Ted Ned Teddy Eduard
Edwin: Ed Eddie
Eleanor: Ellie Nell Nora Elle Lenore
Elizabeth: Liz Beth Betty Lizzie Eliza Betsy Libby Lisa Bess Elisabeth Lilibet Ellie
Emily: Em Emmy Millie
Emmanuel: Manny Emanuel
Ernest: Ernie
Eugene: Gene
Florence: Flo Florrie
Frances: Fran Fanny Frankie
Francis: Frank Fran Frankie
Frederick: Fred Freddy Rick Freddie Frederic
Gabriel: Gabe
Gabrielle: Gabby Gaby
George: Georgie
Gerald: Gerry Jerry
Geoffrey: Geoff Jeff
Gregory: Greg Gregor
Harold: Harry Hal
Harriet: Hattie Harri
Helen: Nell Ellen Lena Helena
Henry: Harry Hank Hal
Herbert: Herb Bert
Isaac: Ike Zac
Isabella: Bella Izzy Isabel Belle
Jacob: Jake Jack
Jacqueline: Jackie
James: Jim Jimmy Jamie Jem
Janet: Jan
Jeffrey: Jeff
Jennifer: Jen Jenny Jenn
Jeremy: Jerry Jem
Jessica: Jess Jessie
Joanna: Jo Joan Joanne
John: Jack Johnny Jon Jonny
Jonathan: Jon Jonny Nathan
Joseph: Joe Joey Jo Josef
Josephine: Jo Josie
Joshua: Josh
Judith: Judy Jude
Julia: Julie Jules
Julian: Jules
Kenneth: Ken Kenny
Kimberly: Kim
Laura: Laurie Lori
Lawrence: Larry Laurie Laurence
Leonard: Len Leo Lenny
Leonardo: Leo
Lewis: Lew Louis
Louis: Lou Louie Lewis
Louise: Lou
Lucille: Lucy
Madeleine: Maddie Maddy Madeline
Margaret: Maggie Meg Peggy Greta Marge Daisy Margie Rita
Maria: Mary Marie Mia
Martha: Marty Patty
Martin: Marty
Mary: Molly Polly May Maria
Matilda: Tilly Mattie
Matthew: Matt Matty Mathew
Maximilian: Max
Melissa: Mel Missy Lissa
Michael: Mike Mick Mickey Mikey Micky
Michelle: Shelly Chelle
Mohammed: Mohamed Muhammad Mo Mohammad
Nancy: Nan
Natalie: Nat Nattie
Nathaniel: Nat Nate Nathan
Nicholas: Nick Nicky Nicolas Nico
Nicole: Nicky Nikki
Oliver: Ollie Olly
Olivia: Liv Livvy
Pamela: Pam
Patricia: Pat Patty Trish Tricia
Patrick: Pat Paddy Rick
Penelope: Penny
Peter: Pete
Philip: Phil Pip Phillip
Rachel: Rach Rae
Raymond: Ray
Rebecca: Becky Becca
Richard: Rick Dick Rich Ricky Richie
Robert: Bob Rob Bobby Robbie Bert Robin
Roger: Rodge
Ronald: Ron Ronnie
Rosemary: Rose Rosie
Samantha: Sam Sammy
Samuel: Sam Sammy
Sarah: Sally Sara Sadie
Sebastian: Seb Bastian
Sophia: Sophie Sofia Sofie
Stephanie: Steph Stevie
Stephen: Steve Stevie Steven Stephan
Steven: Steve Stevie Stephen
Stuart: Stu Stewart
Susan: Sue Susie Suzy Sukie
Terence: Terry Tel
Theodore: Ted Theo Teddy
Theresa: Terry Tess Tessa Teresa
Thomas: Tom Tommy
Timothy: Tim Timmy
Valerie: Val
Veronica: Ronnie Vera
Victor: Vic
Victoria: Vicky Vic Tori Vickie
Vincent: Vince Vinnie
Virginia: Ginny Ginger
Walter: Walt Wally
William: Will Bill Billy Willy Liam Willie
Winifred: Win Winnie
Zachary: Zach Zack
"""

INTERNATIONAL = """
Адам: Adam
Адриан: Adrian
Александр: Alexander
Александра: Alexandra
Алексей: Alexis
Алиса: Alice
Ангелина: Angelina
Андрей: Andrew Andreas
Анна: Anna Anne Hannah
Антон: Anthony Anton
Антонина: Antonia
Артур: Arthur
Вениамин: Benjamin
Валентин: Valentine
Валерия: Valerie Valeria
Варвара: Barbara
Василий: Basil
Вероника: Veronica
Виктор: Victor
Виктория: Victoria
Георгий: George
Григорий: Gregory
Давид: David
Даниил: Daniel
Денис: Dennis Denis
Диана: Diana
Дмитрий: Demetrius
Ева: Eva Eve
Евгений: Eugene
Евгения: Eugenia
Екатерина: Catherine Katherine
Елена: Helen Helena
Елизавета: Elizabeth Elisabeth
Иван: Ivan John
Илья: Elijah Elias
Ирина: Irene
Иосиф: Joseph
Исаак: Isaac
Карина: Karina
Кирилл: Cyril
Константин: Constantine
Кристина: Christina Christine
Ксения: Xenia
Лаврентий: Lawrence
Лев: Leo
Леонид: Leonidas
Лидия: Lydia
Лука: Luke Lucas
Максим: Maxim
Маргарита: Margaret
Мария: Maria Mary Marie
Марк: Mark Marcus
Марта: Martha
Мартин: Martin
Матвей: Matthew
Михаил: Michael
Наталья: Natalie Natalia
Николай: Nicholas
Олеся: Alesia
Ольга: Olga Helga
Павел: Paul
Пётр: Peter
Роман: Roman
Самуил: Samuel
Семён: Simon
Сергей: Sergius Serge
София: Sophia Sophie
Станислав: Stanislaus
Степан: Stephen Steven
Тимофей: Timothy
Фёдор: Theodore
Филипп: Philip
Фома: Thomas
Эдуард: Edward
Эмилия: Emily Emilia
Юлия: Julia
Юрий: George Yuri
Яков: Jacob James
Мухаммед: Mohammed Muhammad
Хасан: Hassan
Хусейн: Hussein
Ахмед: Ahmed
Ибрагим: Ibrahim
Фатима: Fatima
"""
